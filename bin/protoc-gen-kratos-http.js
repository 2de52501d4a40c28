#!/usr/bin/env node
import { main } from "../dist/protoc-gen-kratos-http.js";
process.exitCode = await main(process);
