import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path) => readFileSync(new URL(path, root), 'utf8')

/** The rows of the table of attacks: id, what stops it, and the files with its tests. */
function attacks(markdown) {
  return [...markdown.matchAll(/^\| ((?:SE|PN-)\d+) \|(.*)\|(.*)\|(.*)\|$/gm)].map(([, id, attack, stopped, tests]) => ({
    id,
    attack: attack.trim(),
    waits: stopped.includes('*waits for'),
    tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, path]) => path),
  }))
}

const rows = attacks(read('docs/security.md'))

test('each of the rules SE1 to SE18 has its attack in docs/security.md', () => {
  const ids = new Set(rows.map(({ id }) => id))
  for (let number = 1; number <= 18; number += 1) expect([...ids]).toContain(`SE${number}`)
})

test.each(rows)('$id $attack: a test carries the id, or the row says what it waits for', ({ id, tests, waits }) => {
  expect(tests.length > 0 || waits).toBe(true)
  for (const path of tests) expect(existsSync(new URL(path, root)), path).toBe(true)
  const named = new RegExp(`${id}(?!\\d)`)
  if (tests.length > 0) expect(tests.filter((path) => named.test(read(path)))).not.toEqual([])
})
