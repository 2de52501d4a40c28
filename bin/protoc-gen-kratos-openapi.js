#!/usr/bin/env node
import { main } from "../dist/protoc-gen-kratos-openapi.js";
process.exitCode = await main(process);
