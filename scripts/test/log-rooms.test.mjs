import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { logRooms } from '../../packages/core/src/mesh/room-log.ts'

const packages = fileURLToPath(new URL('../../packages', import.meta.url))

test('PY-22 the rooms that `debug` can name are those that speak', () => {
  const speaking = new Set()
  for (const folder of ['core/src', 'browser/src', 'server/src']) {
    for (const file of readdirSync(join(packages, folder), { recursive: true }).filter((name) => name.endsWith('.ts'))) {
      for (const [, room] of readFileSync(join(packages, folder, file), 'utf8').matchAll(/\.write\(\d, '(\w+)'/g)) speaking.add(room)
    }
  }
  // A relay has a log of its own.
  speaking.delete('relay')
  expect([...logRooms].toSorted()).toEqual([...speaking].toSorted())
})
