// A file with keys, one a line; empty lines and those that begin with # do not count. Members hold the key of a network
// itself (as `hopmesh key` prints it, or a passphrase), relays the admission public keys that come of it, and relays that
// ask for tokens the public keys of their operators.

import { closeSync, openSync, writeFileSync } from 'node:fs'
import { MeshError, keyOfText, keyTextKind } from '@hopmesh/core'
import type { KeyTextKind } from '@hopmesh/core'
import { attemptFile, fileErrorCode, readSmallFile, refuseOpen } from './small-file.ts'
import type { FileRefusal } from './small-file.ts'

const fileBytesMax = 16_384
const ownerOnly = 0o600

interface KeyLine {
  readonly kind: KeyTextKind | 'passphrase'
  readonly text: string
}

/** What the option `key` takes, in order: secret. Throws a MeshError `KEY_FILE` that says why not, and never quotes the file. */
export function readNetworkKeys(path: string): readonly string[] {
  return textsOf(path, ['network', 'passphrase'], 'members need the network key itself')
}

/** Public keys of operators. Throws a MeshError `KEY_FILE`. */
export function readOperatorKeys(path: string): readonly string[] {
  return textsOf(path, ['operator'], "a relay needs the public keys of operators, as 'hopmesh token --public' prints them")
}

/** Admission public keys or network keys, for a relay, which needs the one or the other. Throws a MeshError `KEY_FILE`. */
export function readPinnedKeys(path: string): readonly string[] {
  return textsOf(path, ['admission', 'network', 'passphrase'], "a relay needs what 'hopmesh key --public' prints")
}

/** Writes a new file that nobody else can read. Throws a MeshError `KEY_FILE`, also when there is one. */
export function writeKeyFile(path: string, text: string): void {
  const refusal = refusalOf(path)
  attemptFile(path, 'cannot be written', refusal, () => {
    const file = openNew(path, refusal)
    try {
      writeFileSync(file, `${text}\n`)
    } finally {
      closeSync(file)
    }
  })
}

function openNew(path: string, refusal: FileRefusal): number {
  try {
    return openSync(path, 'wx', ownerOnly)
  } catch (error) {
    if (fileErrorCode(error) === 'EEXIST') throw refusal('is there already: a key is not written over')
    throw error
  }
}

function textsOf(path: string, kinds: readonly KeyLine['kind'][], wanted: string): readonly string[] {
  const lines = readLines(path)
  const other = lines.find(({ kind }) => !kinds.includes(kind))
  if (other !== undefined) throw refusalOf(path)(`holds ${names[other.kind]}: ${wanted}`)
  return lines.map(({ text }) => text)
}

const names: Readonly<Record<KeyLine['kind'], string>> = {
  network: 'a network key',
  passphrase: 'a passphrase',
  admission: 'the admission public key of a network',
  operator: 'the public key of an operator',
  identity: 'an identity',
}

function readLines(path: string): readonly KeyLine[] {
  const refusal = refusalOf(path)
  const file = readSmallFile(path, fileBytesMax, refusal)
  if (file === undefined) throw refusal('is not there')
  const lines: KeyLine[] = []
  for (const [index, line] of file.text.split('\n').entries()) {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) continue
    const kind = keyTextKind(text)
    if (kind !== undefined && keyOfText(kind, text) === undefined) {
      throw refusal(`is damaged in line ${index + 1}: a character is missing or wrong`)
    }
    lines.push({ kind: kind ?? 'passphrase', text })
  }
  if (lines.length === 0) throw refusal('is empty')
  if (lines.some(({ kind }) => kind !== 'admission' && kind !== 'operator')) refuseOpen(file, refusal)
  return lines
}

function refusalOf(path: string): FileRefusal {
  return (why, cause) => new MeshError('KEY_FILE', `the key file ${path} ${why}`, { cause })
}
