// The five lines of README.md, in two real tabs.
import { join } from 'node:path'
import { buildPage, pageUrl } from '../support/build-page.ts'
import { e2eFolder } from '../support/folders.ts'
import { expect, test } from '../support/test.ts'

test('the five lines of the README: two tabs see each other, and one hears the other', async ({ browser, relay, pages }) => {
  await buildPage(join(e2eFolder, 'readme', 'two-tabs'), 'two-tabs')
  const context = await browser.newContext()
  const heard: string[][] = []
  for (const lines of [[], []] as string[][]) {
    const page = await context.newPage()
    pages.watch(page)
    page.on('console', (message) => lines.push(message.text()))
    await page.goto(`${pageUrl('two-tabs')}?relay=${relay.url}`)
    heard.push(lines)
  }
  for (const lines of heard) await expect.poll(() => lines.some((line) => /^k\S+ is active$/.test(line))).toBe(true)
  // Whoever joined last was heard by the other.
  await expect.poll(() => heard.flat().some((line) => /^k\S+ says I am here$/.test(line))).toBe(true)
  await context.close()
})
