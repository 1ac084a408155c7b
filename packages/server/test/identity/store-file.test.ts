import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { storeContract } from '../../../core/test/ports/store-contract.ts'
import { StoreFile } from '../../src/store-file.ts'

let folder = ''
let path = ''
const opened: StoreFile[] = []
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'hopmesh-store-'))
  path = join(folder, 'ada.key.kept')
})
afterEach(() => {
  for (const store of opened.splice(0)) store.close()
  fs.rmSync(folder, { recursive: true })
})

function open(): StoreFile {
  const store = new StoreFile(path)
  opened.push(store)
  return store
}

describe('the file beside an identity file', () => {
  storeContract('file', () => open)

  it('is for its owner alone', () => {
    open().set('key', Uint8Array.of(1))
    expect(fs.statSync(path).mode & 0o777).toBe(0o600)
  })

  it('loses nothing but the line that a crash cut off, and damaged lines', () => {
    const store = open()
    store.set('one', Uint8Array.of(1))
    store.set('two', Uint8Array.of(2))
    store.close()
    fs.appendFileSync(path, 'garbage\n{"not": "a list"}\n[1]\n["three","AwM')
    expect(
      open()
        .list('')
        .map(([key]) => key),
    ).toEqual(['one', 'two'])
  })

  it('does not grow without bound', () => {
    const store = open()
    for (let index = 0; index < 20_000; index += 1) store.set(`key ${index % 3}`, new Uint8Array(100))
    expect(fs.statSync(path).size).toBeLessThan(2_000_000)
    expect(open().list('').length).toBe(3)
  })

  it('STORAGE_FAILED where it can be neither made nor written', () => {
    expect(() => new StoreFile(folder)).toThrow(expect.objectContaining({ code: 'STORAGE_FAILED' }))
    expect(() => new StoreFile(join(folder, 'no', 'folder')).set('key', Uint8Array.of(1))).toThrow(
      expect.objectContaining({ code: 'STORAGE_FAILED' }),
    )
    const store = open()
    store.close()
    expect(() => store.set('key', Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    expect(() => store.add('key', Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  })
})
