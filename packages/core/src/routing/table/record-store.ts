// The member records that prove routes, kept as what was signed: decoded, a record takes six times as much, and a node of a
// large network keeps thousands that it only hands on. Bytes stand one behind the other in a few large chunks, without the
// network and the address that they begin with; what a record says is read again when somebody asks.

import { RecentMap } from '../../bytes/recent-map.ts'
import { concatBytes } from '../../bytes/concat-bytes.ts'
import type { MemberRecord } from '../../identity/member-record.ts'
import { decodeRecordBody, recordAddressRange } from '../../identity/record-codec.ts'
import { signatureBytes } from '../../identity/signed-record.ts'
import { isKeyed } from '../../identity/wire-network.ts'
import type { ProvenRecord } from '../../link/link-owner.ts'
import { encodeText } from '../../wire/text-cache.ts'
import { isWireFault } from '../../wire/wire-fault.ts'
import { PackedRows, setU48, u48At } from './packed-rows.ts'

/** A longer record has a chunk of its own. */
const chunkBytes = 16_384
const chunkStartBytes = 1_024
/** Chunk and offset in one number. */
const chunkStride = 65_536

/** Records that were read lately and stay read: those of neighbours, and of whoever is being talked about. */
const readMax = 64

/** What a record means here, where that is not what its bytes say to everybody: a part was sealed, or does not count. */
type Meaning = Pick<MemberRecord, 'name' | 'capabilities' | 'services' | 'plainHosts'>

/** Of a record: its number, where its bytes are (chunk and offset), how many there are, and whether the rest goes without saying. */
const row = { seq: 0, start: 6, length: 10, shortened: 12, bytes: 13 } as const

/** Where the rows of records are remembered, by address. */
export interface RecordPlaces {
  get(address: string): number | undefined
  set(address: string, place: number): void
  delete(address: string): void
  /** Of all records. */
  values(): Iterable<number>
}

export class RecordStore {
  readonly #places: RecordPlaces
  readonly #rows = new PackedRows(row.bytes)
  readonly #meanings = new Map<string, Partial<MemberRecord>>()
  readonly #read = new RecentMap<string, ProvenRecord>(readMax)
  /** What stands before the address in the first record, and so in nearly all: it is kept once. */
  #head: Uint8Array | undefined
  #chunks: Uint8Array[] = []
  /** Bytes of the last chunk that are taken. */
  #used = 0
  #size = 0
  #liveBytes = 0
  #deadBytes = 0

  constructor(places: RecordPlaces = new Map<string, number>()) {
    this.#places = places
  }

  get size(): number {
    return this.#size
  }

  has(address: string): boolean {
    return this.#places.get(address) !== undefined
  }

  /** −1 for none. */
  seq48(address: string): number {
    const place = this.#places.get(address)
    return place === undefined ? -1 : u48At(this.#rows.view, place + row.seq)
  }

  get(address: string): ProvenRecord | undefined {
    const read = this.#read.get(address)
    if (read) return read
    const place = this.#places.get(address)
    if (place === undefined) return undefined
    const record = new StoredRecord(this.#bytesAt(place, address), this.#meanings.get(address))
    this.#read.set(address, record)
    return record
  }

  /** `proof` is kept as it is until others are asked for. */
  set(proof: ProvenRecord): void {
    const { record, bytes } = proof
    const { address, seq48 } = record
    const [start, end] = recordAddressRange(bytes)
    this.#head ??= bytes.slice(0, start)
    const shortened = start === this.#head.length && beginsWith(bytes, this.#head)
    const kept = shortened ? bytes.subarray(end) : bytes
    let place = this.#places.get(address)
    if (place !== undefined && shortened && this.#isShortened(place) && this.#lengthAt(place) === kept.length) {
      // A mere new number, most of the time. What was handed out of a shortened one is a copy.
      this.#view(place).set(kept)
      this.#meanings.delete(address)
      this.#read.delete(address)
    } else {
      this.delete(address)
      place = this.#rows.take()
      this.#places.set(address, place)
      this.#size++
      this.#rows.view.setUint8(place + row.shortened, shortened ? 1 : 0)
      this.#put(place, kept)
    }
    setU48(this.#rows.view, place + row.seq, seq48)
    const meaning = meaningBeside(bytes, record)
    if (meaning) this.#meanings.set(address, meaning)
    // Whoever asked for it looks at it now.
    this.#read.set(address, proof)
  }

  delete(address: string): void {
    const place = this.#places.get(address)
    if (place === undefined) return
    const length = this.#lengthAt(place)
    this.#places.delete(address)
    this.#rows.give(place)
    this.#meanings.delete(address)
    this.#read.delete(address)
    this.#size--
    this.#liveBytes -= length
    this.#deadBytes += length
    if (this.#deadBytes > this.#liveBytes + chunkBytes) this.#repack()
  }

  #bytesAt(place: number, address: string): Uint8Array {
    const kept = this.#view(place)
    if (!this.#isShortened(place)) return kept
    const name = encodeText(address)
    return concatBytes([this.#head!, Uint8Array.of(name.length), name, kept])
  }

  #isShortened(place: number): boolean {
    return this.#rows.view.getUint8(place + row.shortened) === 1
  }

  #lengthAt(place: number): number {
    return this.#rows.view.getUint16(place + row.length)
  }

  #view(place: number): Uint8Array {
    const start = this.#rows.view.getUint32(place + row.start)
    const offset = start % chunkStride
    return this.#chunks[Math.floor(start / chunkStride)]!.subarray(offset, offset + this.#lengthAt(place))
  }

  #put(place: number, bytes: Uint8Array): void {
    const last = this.#chunks.at(-1)
    if (last === undefined || this.#used + bytes.length > last.length) {
      // A quarter more than there is: a node of a small network needs no large chunk.
      const size = Math.min(chunkBytes, Math.max(chunkStartBytes, this.#liveBytes >> 2))
      this.#chunks.push(new Uint8Array(Math.max(size, bytes.length)))
      this.#used = 0
    }
    this.#chunks.at(-1)!.set(bytes, this.#used)
    this.#rows.view.setUint32(place + row.start, (this.#chunks.length - 1) * chunkStride + this.#used)
    this.#rows.view.setUint16(place + row.length, bytes.length)
    this.#used += bytes.length
    this.#liveBytes += bytes.length
  }

  /** Views that somebody still holds keep their chunk: nothing is ever written over. */
  #repack(): void {
    const old = Array.from(this.#places.values(), (place) => [place, this.#view(place)] as const)
    this.#chunks = []
    // What was read holds on to the old chunks.
    this.#read.clear()
    this.#used = 0
    this.#liveBytes = 0
    this.#deadBytes = 0
    for (const [place, bytes] of old) this.#put(place, bytes)
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

function beginsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  for (let at = 0; at < head.length; at++) if (bytes[at] !== head[at]) return false
  return true
}

function readBytes(bytes: Uint8Array): MemberRecord | undefined {
  const decoded = decodeRecordBody(bytes.subarray(0, Math.max(0, bytes.length - signatureBytes)))
  return isWireFault(decoded) ? undefined : decoded.record
}

/** What has to be kept beside the bytes, so that they are read as `record` again: in an open network nothing. */
function meaningBeside(bytes: Uint8Array, record: MemberRecord): Partial<MemberRecord> | undefined {
  if (!isKeyed(record.network)) return undefined
  const read = readBytes(bytes)
  if (read === undefined) return record
  const { name, capabilities, services, plainHosts } = record
  const meaning: Meaning = { name, capabilities, services, plainHosts }
  const same =
    read.name === name &&
    JSON.stringify([capabilities, services, plainHosts]) === JSON.stringify([read.capabilities, read.services, read.plainHosts])
  return same ? undefined : meaning
}
