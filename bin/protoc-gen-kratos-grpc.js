#!/usr/bin/env node
import { main } from "../dist/protoc-gen-kratos-grpc.js";
process.exitCode = await main(process);
