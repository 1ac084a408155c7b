import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path) => readFile(new URL(path, root), 'utf8')
const code = ['js', 'ts', 'mjs', 'html', 'javascript', 'typescript']

/** The fenced blocks of a document with the file that the marker above names. */
function blocksOf(markdown) {
  const blocks = []
  const fence = /(?:<!-- file: (\S+) -->\n+)?^```(\w*)\n([\s\S]*?)^```$/gm
  for (const [, file, language, text] of markdown.matchAll(fence)) blocks.push({ file, language, text })
  return blocks
}

/** Is `text` a run of whole lines of `file`, apart from a common indentation? */
function isPartOf(text, file) {
  const wanted = text.trimEnd().split('\n')
  const lines = file.split('\n')
  return lines.some((first, start) => {
    const indent = first.length - first.trimStart().length
    const strip = (line) => (line.slice(0, indent).trim() === '' ? line.slice(indent) : line)
    return wanted.every((line, offset) => strip(lines[start + offset] ?? '\0') === line)
  })
}

describe.each(['README.md', 'docs/from-the-seeds.md', 'docs/simulator.md'])('%s', (document) => {
  test('each block of our code is a part of the file named above it', async () => {
    const blocks = blocksOf(await read(document)).filter(({ file, language }) => file !== undefined || code.includes(language))
    expect(blocks.length).toBeGreaterThan(2)
    for (const { file, text } of blocks) {
      expect(file, `a file named above: ${text.slice(0, 80)}`).toBeDefined()
      expect(isPartOf(text, await read(file)), `${file} holds: ${text.slice(0, 200)}`).toBe(true)
    }
  })
})

test('a block that differs in one character is found out', () => {
  const file = '  if (a) {\n    b()\n  }\n'
  expect(isPartOf('if (a) {\n  b()\n}\n', file)).toBe(true)
  expect(isPartOf('if (a) {\n  c()\n}\n', file)).toBe(false)
  expect(isPartOf('if (a) {\n}\n', file)).toBe(false)
})
