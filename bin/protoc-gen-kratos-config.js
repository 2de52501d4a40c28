#!/usr/bin/env node
import { main } from "../dist/protoc-gen-kratos-config.js";
process.exitCode = await main(process);
