// What both commands share: where the project is, whether this Node.js will do, and installing what package.json names.
// Nothing here may need a package: it runs before any is there.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const nodeMin = [20, 19]

/** Ends the process with one line where Node.js is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])) return
  console.error(`hopmesh needs Node.js ${nodeMin.join('.')} or newer; this is ${process.versions.node}. Get one at https://nodejs.org`)
  process.exit(1)
}

const running = new Set()

/**
 * Runs one command in the project's folder. `quiet` keeps its output for the error. Resolves with
 * { code, output, seconds }, whatever happens; never rejects.
 */
export function run(command, args, { quiet = false, env = {}, cwd = root } = {}) {
  return new Promise((resolve) => {
    const started = Date.now()
    let output = ''
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    })
    running.add(child)
    const done = (code) => {
      running.delete(child)
      resolve({ code, output, seconds: (Date.now() - started) / 1000 })
    }
    child.stdout?.on('data', (chunk) => (output += chunk))
    child.stderr?.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => {
      output += `${error.message}\n`
      if (!quiet) console.error(error.message)
      done(127)
    })
    child.on('close', (code, signal) => done(code ?? (signal === null ? 1 : 130)))
  })
}

/** Ends what `run` has started and has not ended yet. */
export function stopRunning() {
  for (const child of running) child.kill('SIGTERM')
}

/**
 * Calls `end` when a signal asks for it, or when npm is gone: npm passes a SIGTERM on to a shell that dies of it and
 * leaves what it had started. More than one call is usual: Ctrl-C reaches us from the terminal and from npm.
 */
export function onEnd(end) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end)
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && end(), 200).unref()
}

/** The script behind a package's command (`tsc`, `vite`, `vitest`), to be run by this very Node.js on every system. */
export function tool(packageName, command, from = root) {
  const folder = join(from, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return join(folder, typeof bin === 'string' ? bin : bin[command])
}

function packageFolders() {
  const groups = readdirSync(join(root, 'packages')).map((name) => join('packages', name))
  return ['.', 'demo', 'e2e', 'bench', ...groups].filter((folder) => existsSync(join(root, folder, 'package.json')))
}

// What an install depends on; the stamp beside the installed packages remembers it.
function wanted() {
  const hash = createHash('sha256')
  for (const folder of packageFolders()) hash.update(readFileSync(join(root, folder, 'package.json')))
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

const stamp = join(root, 'node_modules', '.hopmesh-installed')

function installed() {
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted()) return false
  return ['demo', 'e2e', 'packages/core', 'packages/server', 'packages/browser'].every((folder) =>
    existsSync(join(root, folder, 'node_modules')),
  )
}

/** Installs what package.json names, unless it is there. False, after saying why, when that failed. */
export async function install() {
  if (installed()) return true
  console.log('Installing the packages that hopmesh needs (pnpm; up to a minute the first time) …')
  const args = ['-y', 'pnpm@12', 'install', '--frozen-lockfile', '--config.confirm-modules-purge=false']
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'
  const { code, output, seconds } = await run(npx, args, { quiet: true })
  if (code !== 0) {
    console.error(output.trimEnd())
    console.error('Installing failed (see above). It needs npm and the npm registry; try again when they can be reached.')
    return false
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted())
  console.log(`Installed in ${seconds.toFixed(1)} s.`)
  return true
}

/** Runs a script of the root package.json. */
export function npmRun(name) {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  return run(npm, ['run', '--silent', name])
}
