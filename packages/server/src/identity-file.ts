// Where a Node process keeps who it is: one small JSON file { version, seed, epoch, tab }, mode 0600.
//
// Whoever can read the seed can be this node, so a file that others can read is refused, not repaired: it may have been
// read already. A file is replaced whole (temporary file, then rename) and never left half written. It is never guessed
// at either: an empty or damaged one is an error, for a new identity would be a stranger to everyone who knew the old.

import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { MeshError, drawTab } from '@hopmesh/core'
import type { KeyPair } from '@hopmesh/core'
import { claimIdentity } from './identity-claim.ts'
import { nodeKeyPair } from './node-crypto.ts'
import { attemptFile, fileErrorCode, readSmallFile, refuseOpen } from './small-file.ts'
import type { FileRefusal } from './small-file.ts'
import { nodeDice } from './system-ports.ts'

const fileVersion = 1
const seedBytes = 32
const epochMax = 2 ** 32 - 1
/** A seed, an epoch and room for what later versions add. */
const fileBytesMax = 4_096
const ownerOnly = 0o600

/** An identity that outlives the process. */
export interface IdentityFile {
  readonly keyPair: KeyPair
  /** The 32 bytes that the key is made of. */
  readonly seed: Uint8Array
  /** The greatest epoch that a process with this file has used; absent at first. */
  readonly lastEpoch?: number | undefined
  /** Keeps an epoch for the next process; a smaller one than the file has is forgotten. Throws a MeshError `IDENTITY_FILE`. */
  keepEpoch(epoch: number): void
  /** The part of the address after the dot that goes with this file, drawn at first. Undefined while another process has it. */
  claimTab(): TabClaim | undefined
}

export interface TabClaim {
  readonly tab: string
  release(): void
}

interface Contents {
  readonly seed: Uint8Array
  /** 0: none yet. */
  readonly epoch: number
  readonly tab?: string | undefined
}

/** Reads the identity at `path`, drawn and written first when there is none. Throws a MeshError `IDENTITY_FILE` that says why not. */
export function loadIdentityFile(path: string): IdentityFile {
  const { seed, epoch } = readContents(path) ?? createFile(path)
  return {
    keyPair: nodeKeyPair(seed),
    seed,
    lastEpoch: epoch === 0 ? undefined : epoch,
    keepEpoch(next) {
      if (!isEpoch(next)) throw new MeshError('INVALID_OPTION', `${String(next)} is not an epoch: a whole number below 2^32`)
      keep(path, seed, (present) => (next > present.epoch ? { ...present, epoch: next } : present))
    },
    claimTab() {
      const release = claimIdentity(path)
      if (release === undefined) return undefined
      try {
        const { tab } = keep(path, seed, (present) => (present.tab === undefined ? { ...present, tab: drawTab(nodeDice) } : present))
        return { tab: tab as string, release }
      } catch {
        // Without a place to keep it there is none to claim.
        release()
        return undefined
      }
    },
  }
}

/** Replaces the file where `change` gives something else. */
function keep(path: string, seed: Uint8Array, change: (present: Contents) => Contents): Contents {
  const present = readContents(path)
  // Somebody put another identity there, or took it away on purpose: it is not ours to write over.
  if (present === undefined || !Buffer.from(seed).equals(present.seed)) throw refusal(path, 'was removed or replaced while in use')
  const changed = change(present)
  if (changed === present) return present
  attempt(path, 'cannot be written', () => {
    const target = fs.realpathSync(path)
    fs.renameSync(writeBeside(target, changed), target)
  })
  return changed
}

/** undefined when there is no file. */
function readContents(path: string): Contents | undefined {
  const refuse = refusalOf(path)
  const file = readSmallFile(path, fileBytesMax, refuse)
  if (file === undefined) return undefined
  refuseOpen(file, refuse)
  if (file.text.trim() === '') throw refusal(path, 'is empty: restore it, or remove it to become someone new')
  return parseContents(path, file.text)
}

function parseContents(path: string, text: string): Contents {
  const { version, seed, epoch, tab } = parseObject(path, text)
  if (version !== fileVersion) throw refusal(path, `has version ${String(version)}, and this hopmesh knows version ${fileVersion}`)
  const bytes = typeof seed === 'string' ? Buffer.from(seed, 'base64url') : undefined
  if (bytes?.length !== seedBytes || bytes.toString('base64url') !== seed) {
    throw refusal(path, `has no seed of ${seedBytes} bytes in base64url`)
  }
  if (!isEpoch(epoch)) throw refusal(path, 'has no epoch: a whole number below 2^32')
  if (tab !== undefined && !(typeof tab === 'string' && /^[a-z2-7]{4}$/.test(tab)))
    throw refusal(path, 'has a tab that is not 4 base32 characters')
  return { seed: bytes, epoch, tab }
}

function parseObject(path: string, text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's message would quote the file, which holds a secret.
    throw refusal(path, 'is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal(path, 'is no identity')
  return value as Record<string, unknown>
}

function isEpoch(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= epochMax
}

function createFile(path: string): Contents {
  const drawn: Contents = { seed: randomBytes(seedBytes), epoch: 0 }
  const lost = attempt(path, 'cannot be written', () => {
    const temporary = writeBeside(path, drawn)
    try {
      // A link fails where a rename would overwrite: of two processes that start together, both take the first one's.
      fs.linkSync(temporary, path)
      return false
    } catch (error) {
      if (fileErrorCode(error) === 'EEXIST') return true
      // Some file systems have no links.
      fs.copyFileSync(temporary, path, fs.constants.COPYFILE_EXCL)
      return false
    } finally {
      fs.rmSync(temporary, { force: true })
    }
  })
  const contents = lost ? readContents(path) : drawn
  if (contents === undefined) throw refusal(path, 'was removed while it was being created')
  return contents
}

/** The path of a finished temporary file in the same folder. */
function writeBeside(path: string, { seed, epoch, tab }: Contents): string {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  const text = `${JSON.stringify({ version: fileVersion, seed: Buffer.from(seed).toString('base64url'), epoch, tab })}\n`
  const file = fs.openSync(temporary, 'wx', ownerOnly)
  try {
    fs.writeFileSync(file, text)
    fs.fsyncSync(file)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw error
  } finally {
    fs.closeSync(file)
  }
  return temporary
}

function attempt<T>(path: string, failure: string, step: () => T): T {
  return attemptFile(path, failure, refusalOf(path), step)
}

function refusalOf(path: string): FileRefusal {
  return (why, cause) => refusal(path, why, cause)
}

function refusal(path: string, why: string, cause?: unknown): MeshError {
  return new MeshError('IDENTITY_FILE', `the identity file ${path} ${why}`, { cause })
}
