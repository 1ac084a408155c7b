import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { meshErrorCodes } from '../../packages/core/src/errors/mesh-error.ts'

test('docs/errors.md has one paragraph for each code, in the order of the source, and none besides', async () => {
  const page = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  const sections = page.split(/^## /m).slice(1)
  expect(sections.map((section) => section.split('\n', 1)[0])).toEqual([...meshErrorCodes])
  for (const section of sections) {
    expect(section, 'a paragraph with a remedy').toMatch(/\n[\s\S]{20,}\*Remedy:\*/)
  }
})
