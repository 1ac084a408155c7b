// The five lines of README.md, in two real tabs.
import { join } from 'node:path'
import { build, defaultClientConditions } from 'vite'
import { e2eFolder, siteFolder } from '../support/folders.ts'
import { expect, test } from '../support/test.ts'

test('the five lines of the README: two tabs see each other, and one hears the other', async ({ browser, relay, pages }) => {
  await build({
    root: join(e2eFolder, 'readme', 'two-tabs'),
    configFile: false,
    logLevel: 'warn',
    base: './',
    resolve: { conditions: ['hopmesh-source', ...defaultClientConditions] },
    build: { emptyOutDir: true, outDir: join(siteFolder, 'two-tabs'), target: 'es2022' },
  })
  const context = await browser.newContext()
  const heard: string[][] = []
  for (const lines of [[], []] as string[][]) {
    const page = await context.newPage()
    pages.watch(page)
    page.on('console', (message) => lines.push(message.text()))
    await page.goto(`http://localhost:${process.env['HOPMESH_E2E_PORT']}/two-tabs/?relay=${relay.url}`)
    heard.push(lines)
  }
  for (const lines of heard) await expect.poll(() => lines.some((line) => /^k\S+ is active$/.test(line))).toBe(true)
  // Whoever joined last was heard by the other.
  await expect.poll(() => heard.flat().some((line) => /^k\S+ says I am here$/.test(line))).toBe(true)
  await context.close()
})
