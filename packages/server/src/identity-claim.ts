// Of the processes that share one identity file, one at a time has the address that the file keeps; the others draw a suffix
// for themselves. The claim is a file beside it with the number of the process. One that died leaves it behind, and the next
// one takes it over.

import * as fs from 'node:fs'
import { fileErrorCode } from './small-file.ts'

/** Given back when the process ends in peace. */
const held = new Set<string>()

function releaseAll(): void {
  for (const claim of held) fs.rmSync(claim, { force: true })
}

/** Gives the claim back. Undefined: another process, or another mesh of this one, has it; or the folder takes no files. */
export function claimIdentity(path: string): (() => void) | undefined {
  const claim = `${path}.lock`
  if (!write(claim) && !(isStale(claim) && replace(claim))) return undefined
  if (held.size === 0) process.on('exit', releaseAll)
  held.add(claim)
  return () => {
    if (!held.delete(claim)) return
    fs.rmSync(claim, { force: true })
    if (held.size === 0) process.off('exit', releaseAll)
  }
}

function write(claim: string): boolean {
  try {
    fs.writeFileSync(claim, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
    return true
  } catch {
    return false
  }
}

/** Two that find the same stale claim: the file that one of them wrote is not stale any more when the other looks again. */
function replace(claim: string): boolean {
  const aside = `${claim}.${process.pid}`
  try {
    fs.renameSync(claim, aside)
    const wasStale = isStale(aside)
    if (!wasStale) fs.renameSync(aside, claim)
    else fs.rmSync(aside, { force: true })
    return wasStale && write(claim)
  } catch {
    return false
  }
}

function isStale(claim: string): boolean {
  let pid: number
  try {
    pid = Number(fs.readFileSync(claim, 'utf8').trim())
  } catch {
    return false
  }
  if (!Number.isInteger(pid) || pid <= 0) return true
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    // A process of somebody else lives, too.
    return fileErrorCode(error) === 'ESRCH'
  }
}
