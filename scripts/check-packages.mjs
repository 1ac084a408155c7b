// `pnpm check:packages`: builds and packs the three packages as a user would get them, and lets publint and attw look at the tarballs.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, run, tool } from './workspace.mjs'

const folder = mkdtempSync(join(tmpdir(), 'hopmesh-packed-'))
const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'
const node = process.execPath

async function step(name, command, args, options = {}) {
  const { code, output } = await run(command, args, { quiet: true, ...options })
  console.log(`${code === 0 ? '✓' : '✗'} ${name}`)
  if (code !== 0) {
    console.error(output.trimEnd())
    process.exitCode = 1
  }
  return code === 0
}

async function check() {
  if (!(await step('nothing of what was built before', node, [join(root, 'scripts', 'clean.mjs')]))) return
  if (!(await step('types and library build', node, [tool('typescript', 'tsc'), '-b']))) return
  if (!(await step('page build', node, [tool('vite', 'vite'), 'build', 'packages/browser', '--logLevel', 'warn']))) return
  for (const name of ['core', 'browser', 'server']) {
    await step(`pack ${name}`, npx, ['-y', 'pnpm@12', 'pack', '--pack-destination', folder], { cwd: join(root, 'packages', name) })
  }
  for (const file of readdirSync(folder)) {
    const tarball = join(folder, file)
    await step(`publint ${file}`, node, [tool('publint', 'publint'), 'run', tarball, '--strict'])
    await step(`attw ${file}`, node, [tool('@arethetypeswrong/cli', 'attw'), tarball, '--profile', 'esm-only', '--no-emoji'])
  }
}

try {
  await check()
} finally {
  rmSync(folder, { recursive: true })
}
