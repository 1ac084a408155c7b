// Finds a Chromium for the tests, and gets one where there is none.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { root, run, tool } from './workspace.mjs'

const systemNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const systemPaths = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium']

function inPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

function playwrightsOwn() {
  try {
    const { chromium } = createRequire(join(root, 'e2e', 'package.json'))('@playwright/test')
    const path = chromium.executablePath()
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

/** The path of a Chromium: HOPMESH_CHROMIUM, the system's, Playwright's own; undefined where there is none. */
export function findChromium() {
  const given = process.env.HOPMESH_CHROMIUM
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new Error(`HOPMESH_CHROMIUM names ${given}, and there is no such file.`)
    return given
  }
  for (const name of systemNames) {
    const path = inPath(name)
    if (path !== undefined) return path
  }
  return systemPaths.find((path) => existsSync(path)) ?? playwrightsOwn()
}

async function fetchWithPlaywright() {
  console.log('No Chromium found: installing Playwright’s own (playwright install chromium) …')
  const result = await run(process.execPath, [tool('@playwright/test', 'playwright', join(root, 'e2e')), 'install', 'chromium'], { quiet: true })
  return result.code === 0
}

async function fetchWithApt() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || inPath('apt-get') === undefined) return false
  console.log('Playwright’s Chromium could not be fetched: installing Debian’s (apt-get update, apt-get install chromium) …')
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const update = await run('apt-get', ['update'], { quiet: true, env })
  if (update.code !== 0) return false
  return (await run('apt-get', ['install', '-y', 'chromium'], { quiet: true, env })).code === 0
}

/** Like `findChromium`, but installs one where there is none. Undefined, after saying why, when that failed too. */
export async function provideChromium() {
  const found = findChromium()
  if (found !== undefined) return found
  for (const fetchOne of [fetchWithPlaywright, fetchWithApt]) {
    if (await fetchOne()) {
      const path = findChromium()
      if (path !== undefined) return path
    }
  }
  console.error('No Chromium could be found or installed. Install Chromium or Chrome, or set HOPMESH_CHROMIUM to the path of one.')
  return undefined
}
