import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadIdentityFile } from '../../src/identity-file.ts'
import { nodeCrypto } from '../../src/node-crypto.ts'

const refused = expect.objectContaining({ code: 'IDENTITY_FILE' })
const seed = Buffer.alloc(32, 7).toString('base64url')
const good = { version: 1, seed, epoch: 5 }
let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hopmesh-identity-'))
  path = join(folder, 'relay.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(contents: unknown, mode = 0o600): void {
  writeFileSync(path, typeof contents === 'string' ? contents : JSON.stringify(contents))
  chmodSync(path, mode)
}

describe('identity file', () => {
  test('PY-28 SE11 a missing one is drawn with mode 0600 and found again, and leaves nothing beside it', async () => {
    const first = loadIdentityFile(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['relay.json'])
    expect(first.lastEpoch).toBeUndefined()
    const second = loadIdentityFile(path)
    expect(second.keyPair.publicKey).toEqual(first.keyPair.publicKey)
    const message = Uint8Array.of(1, 2)
    expect(await nodeCrypto().verify(first.keyPair.publicKey, message, await second.keyPair.sign(message))).toBe(true)
    expect(loadIdentityFile(join(folder, 'other.json')).keyPair.publicKey).not.toEqual(first.keyPair.publicKey)
  })

  test('the greatest epoch is kept for the next process, with the same key and mode', () => {
    const first = loadIdentityFile(path)
    first.keepEpoch(41)
    first.keepEpoch(40)
    const second = loadIdentityFile(path)
    expect(second.lastEpoch).toBe(41)
    expect(second.keyPair.publicKey).toEqual(first.keyPair.publicKey)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['relay.json'])
    for (const wrong of [-1, 0.5, 2 ** 32, Number.NaN]) {
      expect(() => second.keepEpoch(wrong)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
  })

  test('an identity that was replaced while in use is not written over', () => {
    const first = loadIdentityFile(path)
    write(good)
    expect(() => first.keepEpoch(9)).toThrow(refused)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(good)
    rmSync(path)
    expect(() => first.keepEpoch(9)).toThrow(refused)
    expect(existsSync(path)).toBe(false)
  })

  test('a link to a file stays a link', () => {
    const link = join(folder, 'link.json')
    write(good)
    symlinkSync(path, link)
    loadIdentityFile(link).keepEpoch(6)
    expect(loadIdentityFile(path).lastEpoch).toBe(6)
    expect(loadIdentityFile(link).lastEpoch).toBe(6)
  })

  test.each([0o640, 0o604, 0o620, 0o602, 0o644, 0o660, 0o610, 0o777])('SE11 mode %o is refused and the file left alone', (mode) => {
    write(good, mode)
    expect(() => loadIdentityFile(path)).toThrow(refused)
    expect(() => loadIdentityFile(path)).toThrow(mode.toString(8))
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(good)
  })

  test.each([0o600, 0o400])('mode %o is fine', (mode) => {
    write(good, mode)
    expect(loadIdentityFile(path).lastEpoch).toBe(5)
  })

  test.each([
    ['empty', '', 'is empty'],
    ['blank', ' \n', 'is empty'],
    ['half of one', JSON.stringify(good).slice(0, 30), 'is not JSON'],
    ['a list', [good], 'is no identity'],
    ['null', 'null', 'is no identity'],
    ['a text', '"seed"', 'is no identity'],
    ['a later version', { ...good, version: 2 }, 'has version 2'],
    ['without a seed', { version: 1, epoch: 1 }, 'has no seed'],
    ['a short seed', { ...good, seed: seed.slice(0, -2) }, 'has no seed'],
    ['a long seed', { ...good, seed: `${seed}AA` }, 'has no seed'],
    ['a seed with other characters', { ...good, seed: `${seed.slice(0, -1)}!` }, 'has no seed'],
    ['an epoch of text', { ...good, epoch: '5' }, 'has no epoch'],
    ['an epoch too great', { ...good, epoch: 2 ** 32 }, 'has no epoch'],
    ['something else', 'x'.repeat(5_000), 'has 5000 bytes'],
  ])('SE11 a file that is %s is refused in one line, kept, and not quoted', (_what, contents, why) => {
    write(contents)
    const before = readFileSync(path, 'utf8')
    let message = ''
    try {
      loadIdentityFile(path)
    } catch (error) {
      expect(error).toEqual(refused)
      message = (error as Error).message
    }
    expect(message).toContain(path)
    expect(message).toContain(why)
    expect(message).not.toContain('\n')
    expect(message).not.toContain(seed.slice(0, 10))
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  test('a folder, or a file in a folder that is not there, is refused', () => {
    mkdirSync(path, { mode: 0o700 })
    expect(() => loadIdentityFile(path)).toThrow(refused)
    expect(() => loadIdentityFile(join(folder, 'no', 'such.json'))).toThrow(/the folder .* is not there/)
  })
})
