#!/usr/bin/env node
import { main } from "../dist/protoc-gen-kratos-errors.js";
process.exitCode = await main(process);
