// The member records that prove routes, kept as what was signed: decoded, a record takes six times as much, and a node of a
// large network keeps thousands that it only hands on. Bytes stand one behind the other in a few large chunks; what a record
// says is read again when somebody asks.

import type { MemberRecord } from '../identity/member-record.ts'
import { decodeRecordBody } from '../identity/record-codec.ts'
import { signatureBytes } from '../identity/signed-record.ts'
import type { ProvenRecord } from '../link/link-owner.ts'
import { isWireFault } from '../wire/wire-fault.ts'

/** A longer record has a chunk of its own. */
const chunkBytes = 16_384
const chunkStartBytes = 2_048
/** Chunk and offset in one number. */
const chunkStride = 65_536

/** Records that were read lately and stay read: those of neighbours, and of whoever is being talked about. */
const readMax = 64

/** What a record means here, where that is not what its bytes say to everybody: a part was sealed, or does not count. */
type Meaning = Pick<MemberRecord, 'name' | 'capabilities' | 'services' | 'plainHosts'>

export class RecordStore {
  readonly #slots = new Map<string, number>()
  readonly #meanings = new Map<string, Partial<MemberRecord>>()
  readonly #free: number[] = []
  readonly #read = new Map<string, StoredRecord>()
  #numbers = new Float64Array(16)
  #starts = new Uint32Array(16)
  #lengths = new Uint16Array(16)
  #chunks: Uint8Array[] = []
  /** Bytes of the last chunk that are taken. */
  #used = 0
  #liveBytes = 0
  #deadBytes = 0

  get size(): number {
    return this.#slots.size
  }

  has(address: string): boolean {
    return this.#slots.has(address)
  }

  /** −1 for none. */
  seq48(address: string): number {
    const slot = this.#slots.get(address)
    return slot === undefined ? -1 : this.#numbers[slot]!
  }

  get(address: string): ProvenRecord | undefined {
    const read = this.#read.get(address)
    if (read) return read
    const slot = this.#slots.get(address)
    if (slot === undefined) return undefined
    const record = new StoredRecord(this.#view(slot), this.#meanings.get(address))
    if (this.#read.size >= readMax) this.#read.delete(this.#read.keys().next().value as string)
    this.#read.set(address, record)
    return record
  }

  set({ record, bytes }: ProvenRecord): void {
    const { address, seq48 } = record
    this.delete(address)
    const slot = this.#free.pop() ?? this.#slots.size
    if (slot >= this.#numbers.length) this.#grow()
    this.#slots.set(address, slot)
    this.#numbers[slot] = seq48
    this.#put(slot, bytes)
    this.#liveBytes += bytes.length
    const meaning = meaningBeside(bytes, record)
    if (meaning) this.#meanings.set(address, meaning)
  }

  delete(address: string): void {
    const slot = this.#slots.get(address)
    if (slot === undefined) return
    this.#slots.delete(address)
    this.#meanings.delete(address)
    this.#read.delete(address)
    this.#free.push(slot)
    this.#liveBytes -= this.#lengths[slot]!
    this.#deadBytes += this.#lengths[slot]!
    if (this.#deadBytes > this.#liveBytes + chunkBytes) this.#repack()
  }

  #view(slot: number): Uint8Array {
    const offset = this.#starts[slot]! % chunkStride
    return this.#chunks[Math.floor(this.#starts[slot]! / chunkStride)]!.subarray(offset, offset + this.#lengths[slot]!)
  }

  #put(slot: number, bytes: Uint8Array): void {
    const last = this.#chunks.at(-1)
    if (last === undefined || this.#used + bytes.length > last.length) {
      // As much again as there is: a node of a small network needs no large chunk.
      const size = Math.min(chunkBytes, Math.max(chunkStartBytes, this.#liveBytes))
      this.#chunks.push(new Uint8Array(Math.max(size, bytes.length)))
      this.#used = 0
    }
    this.#chunks.at(-1)!.set(bytes, this.#used)
    this.#starts[slot] = (this.#chunks.length - 1) * chunkStride + this.#used
    this.#lengths[slot] = bytes.length
    this.#used += bytes.length
  }

  /** Views that somebody still holds keep their chunk: nothing is ever written over. */
  #repack(): void {
    const old = [...this.#slots.values()].map((slot) => [slot, this.#view(slot)] as const)
    this.#chunks = []
    // What was read holds on to the old chunks.
    this.#read.clear()
    this.#used = 0
    this.#deadBytes = 0
    for (const [slot, bytes] of old) this.#put(slot, bytes)
  }

  #grow(): void {
    const size = Math.ceil(this.#numbers.length * 1.25)
    const [numbers, starts, lengths] = [new Float64Array(size), new Uint32Array(size), new Uint16Array(size)]
    numbers.set(this.#numbers)
    starts.set(this.#starts)
    lengths.set(this.#lengths)
    this.#numbers = numbers
    this.#starts = starts
    this.#lengths = lengths
  }
}

class StoredRecord implements ProvenRecord {
  readonly bytes: Uint8Array
  readonly #meaning: Partial<MemberRecord> | undefined
  #record: MemberRecord | undefined

  constructor(bytes: Uint8Array, meaning: Partial<MemberRecord> | undefined) {
    this.bytes = bytes
    this.#meaning = meaning
  }

  get record(): MemberRecord {
    this.#record ??= { ...(readBytes(this.bytes) as MemberRecord), ...this.#meaning }
    return this.#record
  }
}

function readBytes(bytes: Uint8Array): MemberRecord | undefined {
  const decoded = decodeRecordBody(bytes.subarray(0, Math.max(0, bytes.length - signatureBytes)))
  return isWireFault(decoded) ? undefined : decoded.record
}

/** What has to be kept beside the bytes, so that they are read as `record` again. */
function meaningBeside(bytes: Uint8Array, record: MemberRecord): Partial<MemberRecord> | undefined {
  const read = readBytes(bytes)
  if (read === undefined) return record
  const { name, capabilities, services, plainHosts } = record
  const meaning: Meaning = { name, capabilities, services, plainHosts }
  const same = read.name === name && JSON.stringify([capabilities, services, plainHosts]) === JSON.stringify([read.capabilities, read.services, read.plainHosts])
  return same ? undefined : meaning
}
