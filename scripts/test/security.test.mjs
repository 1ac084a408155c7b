import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path) => readFileSync(new URL(path, root), 'utf8')

/** Of a cell: each test by its file and the beginning, or all, of a title: `file` “title”. */
function testsOf(cell) {
  return [...cell.matchAll(/`([^`]+)` “([^”]+)”/g)].map(([, path, title]) => ({ path, title }))
}

/** The rows of the table of attacks, and those of the table of broken things, which have no id. */
function rowsOf(markdown) {
  const part = markdown.slice(markdown.indexOf('## The attacks'), markdown.indexOf('## What is not protected'))
  const cells = part
    .split('\n')
    .filter((line) => /^\| (?!id |what |-)/.test(line) && !line.startsWith('|--'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
  return cells.map((row) => ({ id: row.length === 4 ? row[0] : '', what: row.at(-3), tests: testsOf(row.at(-1)) }))
}

const rows = rowsOf(read('docs/security.md'))

/** Whether `title` stands in the title of a test or of a group of tests. */
function isTitle(source, title) {
  return source.split('\n').some((line) => line.includes(title) && /\b(?:it|test|describe)\b|\]\)\(|^\s*['"`]/.test(line))
}

test('each of the rules SE1 to SE18 has its attack in docs/security.md', () => {
  const ids = new Set(rows.map(({ id }) => id))
  for (let number = 1; number <= 18; number += 1) expect([...ids]).toContain(`SE${number}`)
})

test('what arrives broken has its rows', () => {
  expect(rows.filter(({ id }) => id === '').length).toBeGreaterThanOrEqual(9)
})

test.each(rows)('$id $what: the tests that it names exist, and carry the id', ({ id, tests }) => {
  expect(tests.length).toBeGreaterThan(0)
  for (const { path, title } of tests) {
    expect(existsSync(new URL(path, root)), path).toBe(true)
    expect(isTitle(read(path), title), `${path}: ${title}`).toBe(true)
    if (id !== '') expect(title).toMatch(new RegExp(`${id}(?!\\d)`))
  }
})
