// Other libraries to be measured beside ours are no dependencies of this workspace: a folder of bench/peers names them
// with exact versions, and whoever runs the bench installs them, once, into a cache.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const peers = new URL('../peers/', import.meta.url)
const cache = new URL('../node_modules/.cache/peers/', import.meta.url)

/** The folder of that peer's scripts, their packages installed. Undefined, and said so: they cannot be had now. */
export async function installPeer(name: string): Promise<URL | undefined> {
  const source = new URL(`${name}/`, peers)
  const wanted = await readFile(new URL('package.json', source))
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 12)
  const installed = new URL(`${name}-${hash}/`, cache)
  const known = await stat(installed).catch(() => undefined)
  if (known === undefined) {
    const fresh = new URL(`${name}-${hash}.${process.pid}/`, cache)
    try {
      await mkdir(fresh, { recursive: true })
      await cp(new URL('package.json', source), new URL('package.json', fresh))
      console.log(`installing ${name} for comparison, outside the workspace …`)
      await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'], {
        cwd: fileURLToPath(fresh),
      })
      await rename(fresh, installed)
    } catch (error) {
      await rm(fresh, { recursive: true, force: true })
      console.log(
        `${name} cannot be installed, its rows are left out: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
      )
      return undefined
    }
  }
  // The scripts may have changed since.
  await cp(source, installed, { recursive: true, filter: (path) => !path.endsWith('package.json') })
  return installed
}
