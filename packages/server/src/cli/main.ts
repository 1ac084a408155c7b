#!/usr/bin/env node
import { runCommandLine } from './command-line.ts'

// Whoever read the output left (`| head`): that is no failure.
process.stdout.on('error', () => process.exit(0))
process.exit(await runCommandLine(process.argv))
