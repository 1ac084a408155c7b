// The process tests run what people run: the built command. Once before all tests; quick when nothing changed.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export function setup(): void {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  const { status, stdout } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'packages/server'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) process.stderr.write(`tsc -b packages/server:\n${stdout}\n`)
}
