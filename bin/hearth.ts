#!/usr/bin/env node
import { runInProcess } from '../src/cli/index.ts';

await runInProcess(process);
