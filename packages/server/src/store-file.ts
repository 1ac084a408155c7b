// What belongs to the identity in an identity file, in a second file beside it: a log of what was put and deleted, one JSON array a
// line, written through at once. It is read into memory at the start and written anew, whole, when most of it is of the past. A last
// line that was cut off by a crash is left out: nobody was told that it is kept.

import { Buffer } from 'node:buffer'
import * as fs from 'node:fs'
import { MemoryStore, MeshError } from '@hopmesh/core'
import type { Store, StoreEntry } from '@hopmesh/core'

/** A line for each value, and this many that say nothing any more, before the file is written anew. */
const staleLinesMax = 4_096
const ownerOnly = 0o600

/** One process at a time: the holder of the identity file's claim. Throws STORAGE_FAILED when the file cannot be read, or written. It is there only while something is kept. */
export class StoreFile implements Store {
  readonly #path: string
  readonly #values = new MemoryStore()
  #file: number | undefined
  #lines = 0
  #closed = false

  constructor(path: string) {
    this.#path = path
    try {
      this.#read()
    } catch (error) {
      throw failure(path, error)
    }
  }

  list(prefix: string): readonly StoreEntry[] {
    return this.#values.list(prefix)
  }

  set(key: string, value: Uint8Array): void {
    this.#write([key, Buffer.from(value).toString('base64')])
    this.#values.set(key, value)
  }

  add(key: string, value: Uint8Array): boolean {
    if (!this.#values.add(key, value)) return false
    try {
      this.#write([key, Buffer.from(value).toString('base64')])
      return true
    } catch (error) {
      this.#values.delete([key])
      throw error
    }
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) this.#write([key])
    this.#values.delete(keys)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#file === undefined) return
    fs.closeSync(this.#file)
    if (this.#values.size === 0) fs.rmSync(this.#path, { force: true })
  }

  #read(): void {
    if (!fs.existsSync(this.#path)) return
    for (const line of fs.readFileSync(this.#path, 'utf8').split('\n')) {
      const entry = entryOf(line)
      if (entry?.[1] !== undefined) this.#values.set(entry[0], entry[1])
      else if (entry !== undefined) this.#values.delete([entry[0]])
    }
  }

  #write(entry: readonly [key: string, value?: string]): void {
    if (this.#closed) throw new MeshError('CLOSED', 'the mesh was closed')
    try {
      this.#file ??= this.#rewrite()
      fs.writeSync(this.#file, `${JSON.stringify(entry)}\n`)
      this.#lines += 1
      if (this.#lines <= 2 * this.#values.size + staleLinesMax) return
      const before = this.#file
      this.#file = this.#rewrite()
      fs.closeSync(before)
    } catch (error) {
      throw failure(this.#path, error)
    }
  }

  /** The file with what stands now and nothing else, open for more. */
  #rewrite(): number {
    const entries = this.#values.list('')
    const temporary = `${this.#path}.${process.pid}.tmp`
    const file = fs.openSync(temporary, 'w', ownerOnly)
    try {
      for (const [key, value] of entries) fs.writeSync(file, `${JSON.stringify([key, Buffer.from(value).toString('base64')])}\n`)
      fs.fsyncSync(file)
      fs.renameSync(temporary, this.#path)
    } catch (error) {
      fs.closeSync(file)
      fs.rmSync(temporary, { force: true })
      throw error
    }
    this.#lines = entries.length
    return file
  }
}

/** Undefined for a line that is damaged: the others stand. */
function entryOf(line: string): readonly [string, Uint8Array | undefined] | undefined {
  try {
    const entry: unknown = JSON.parse(line)
    if (!Array.isArray(entry) || typeof entry[0] !== 'string') return undefined
    return [entry[0], typeof entry[1] === 'string' ? new Uint8Array(Buffer.from(entry[1], 'base64')) : undefined]
  } catch {
    return undefined
  }
}

function failure(path: string, error: unknown): MeshError {
  if (error instanceof MeshError) return error
  return new MeshError('STORAGE_FAILED', `${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  })
}
