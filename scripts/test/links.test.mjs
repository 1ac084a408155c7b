import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'PROTOCOL.md',
  'CONTRIBUTING.md',
  'docs/errors.md',
  'docs/security.md',
  'docs/from-the-seeds.md',
]
const decisions = readdirSync(join(root, 'docs/decisions')).map((name) => `docs/decisions/${name}`)
/** Where a path in a document may start: ARCHITECTURE.md says so. */
const starts = ['.', 'packages/core/src', 'packages/server/src']

test.each([...pages, ...decisions])('the files and pages that %s names are there', (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  const named = [...text.matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|mjs))`/g)].map((found) => found[1])
  expect(named.filter((path) => !starts.some((start) => existsSync(join(root, start, path))))).toEqual([])
  const linked = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((found) => found[1]).filter((target) => !/^https?:/.test(target))
  expect(linked.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([])
})
