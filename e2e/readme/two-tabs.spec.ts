// The five lines of README.md, in two real tabs.
import { join } from 'node:path'
import { build, defaultClientConditions } from 'vite'
import { e2eFolder, siteFolder } from '../support/folders.ts'
import { expect, test } from '../support/test.ts'

test('the five lines of the README: two tabs see each other, and the second one greets the first', async ({ browser, relay, pages }) => {
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
  for (const tab of [0, 1]) {
    const page = await context.newPage()
    pages.watch(page)
    const lines: string[] = []
    heard.push(lines)
    page.on('console', (message) => lines.push(message.text()))
    await page.goto(`http://localhost:${process.env['HOPMESH_E2E_PORT']}/two-tabs/?relay=${relay.url}`)
    if (tab === 0) await expect.poll(() => lines.some((line) => line.includes('is active'))).toBe(true)
  }
  await expect.poll(() => heard[0]?.some((line) => /^k\S+ says I am here$/.test(line))).toBe(true)
  await expect.poll(() => heard[1]?.some((line) => /^k\S+ is active$/.test(line))).toBe(true)
  await context.close()
})
