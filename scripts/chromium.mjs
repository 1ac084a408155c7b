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

const isRoot = () => process.platform === 'linux' && process.getuid?.() === 0

/** Runs a step of an installation; where it fails its last words are shown. */
async function step(command, args, env = {}) {
  const { code, output } = await run(command, args, { quiet: true, env })
  const words = output.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
  if (code !== 0) console.log(words.slice(-3).join('\n'))
  return code === 0
}

async function fetchWithPlaywright() {
  // Its Chromium wants libraries that a bare system lacks; only root can add those.
  const args = ['install', ...(isRoot() ? ['--with-deps'] : []), 'chromium']
  console.log(`No Chromium found: installing Playwright’s own (playwright ${args.join(' ')}) …`)
  return step(process.execPath, [tool('@playwright/test', 'playwright', join(root, 'e2e')), ...args])
}

async function fetchWithApt() {
  if (!isRoot() || inPath('apt-get') === undefined) return false
  console.log('Installing Debian’s Chromium instead (apt-get update, apt-get install -y chromium) …')
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  return (await step('apt-get', ['update'], env)) && step('apt-get', ['install', '-y', 'chromium'], env)
}

/** Like `findChromium`, but installs one where there is none. Undefined, after saying why, when that failed too. */
export async function provideChromium() {
  const found = findChromium()
  if (found !== undefined) return found
  for (const fetchOne of [fetchWithPlaywright, fetchWithApt]) {
    const path = (await fetchOne()) ? findChromium() : undefined
    if (path !== undefined && (await step(path, ['--version']))) return path
  }
  console.error('No Chromium could be found or installed. Install Chromium or Chrome, or set HOPMESH_CHROMIUM to the path of one.')
  return undefined
}
