// The bytes of a member record, without its signature:
//
//   version u8 (1) | network name, key hash 16 | address | key 32 | exchange key 32 | seq48 | kind u8
//   about: u16 length { 0 | name | count u8, capabilities… } or { 1 | the same, sealed: see sealed-about.ts }
//   count u8, services… (name, load u8; its top bit: not for plain nodes)
//   count u16, plain hosts… (address, hops u8, count u8, services…)
//
// Texts are u8 length + UTF-8. `about` is one block because a network key seals it, with the rest as associated data.

import { concatBytes } from '../bytes/concat-bytes.ts'
import { partOf } from '../bytes/part-of.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { WireFault, type WireFaultCode } from '../wire/wire-fault.ts'
import { isMemberAddress, type Address } from './address.ts'
import type { MemberRecord, PlainHost, ServiceAdvert } from './member-record.ts'
import * as bounds from './record-bounds.ts'
import { encodeWireNetwork, keyHashBytes, networkNameBytesMax } from './wire-network.ts'

const recordVersion = 1
/** Of a service's load byte: gateways do not tell plain nodes of it. */
const hiddenFromPlain = 0x80
const aboutOpen = 0
const aboutSealed = 1
const kinds = ['member', 'relay', 'left', 'named'] as const

/** The parts of what is signed: `about` stands between the others, behind its length. */
export interface RecordParts {
  readonly head: Uint8Array
  /** Name and capabilities, readable. */
  readonly about: Uint8Array
  readonly tail: Uint8Array
}

export interface DecodedRecord {
  /** Without name and capabilities while they are sealed. */
  readonly record: MemberRecord
  /** What must be opened to know them, and all other bytes of the body. */
  readonly sealed: { readonly box: Uint8Array; readonly associated: Uint8Array } | undefined
}

/** Throws a MeshError (`TOO_LARGE`, `INVALID_OPTION`) that names what is out of bounds. */
export function encodeRecordParts(record: MemberRecord): RecordParts {
  bounds.refuseOutOfBounds(record)
  const head = new ByteWriter(256)
  head.u8(recordVersion)
  encodeWireNetwork(head, record.network)
  head.string(record.address).bytes(record.publicKey).bytes(record.exchangeKey)
  head.u48(record.seq48).u8(kinds.indexOf(record.kind) + 1)
  const tail = new ByteWriter(256)
  writeServices(tail, record.services)
  tail.u16(record.plainHosts.length)
  for (const host of record.plainHosts) {
    tail.string(host.address).u8(host.hops)
    writeServices(tail, host.services)
  }
  return { head: head.finish(), about: encodeAbout(record), tail: tail.finish() }
}

/** The bytes that are signed; `box` stands for a sealed `about`. */
export function joinRecordParts({ head, about, tail }: RecordParts, box?: Uint8Array): Uint8Array {
  const block = new ByteWriter()
    .u16(1 + (box ?? about).length)
    .u8(box ? aboutSealed : aboutOpen)
    .finish()
  return concatBytes([head, block, box ?? about, tail])
}

/** Where the address stands in the bytes of a record, its length included; what stands before is the same for a whole network. */
export function recordAddressRange(record: Uint8Array): readonly [start: number, end: number] {
  const start = 2 + record[1]! + keyHashBytes
  return [start, start + 1 + record[start]!]
}

/** What the bytes say, unverified; a WireFault when they are no record. Never throws. */
export function decodeRecordBody(body: Uint8Array): DecodedRecord | WireFault {
  return new RecordReader(body).read()
}

/** Name and capabilities of a block that was opened. */
export function decodeAbout(about: Uint8Array): About | WireFault {
  return new RecordReader(about).about()
}

type About = Pick<MemberRecord, 'name' | 'capabilities'>

function encodeAbout(record: MemberRecord): Uint8Array {
  const writer = new ByteWriter()
  writer.string(record.name).u8(record.capabilities.length)
  for (const capability of record.capabilities) writer.string(capability)
  return writer.finish()
}

function writeServices(writer: ByteWriter, services: readonly ServiceAdvert[]): void {
  writer.u8(services.length)
  for (const { service, load, plain } of services) writer.string(service).u8(plain === false ? load | hiddenFromPlain : load)
}

/** Reads on after a fault without effect, so that each field stands in its place; the first fault is the answer. */
class RecordReader {
  private readonly bytes: Uint8Array
  private readonly reader: ByteReader
  private fault: WireFault | undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.reader = new ByteReader(bytes)
  }

  read(): DecodedRecord | WireFault {
    const version = this.reader.u8()
    this.check(version === recordVersion, 'unknown-kind', `version ${version} of member records`)
    const networkName = this.text(networkNameBytesMax, 'the name of the network')
    const network = { name: networkName, keyHash: this.reader.copy(keyHashBytes) }
    const address = this.text(bounds.namedAddressBytesMax, 'address')
    const publicKey = this.reader.copy(bounds.recordKeyBytes)
    const exchangeKey = this.reader.copy(bounds.recordKeyBytes)
    const seq48 = this.reader.u48()
    const kindNumber = this.reader.u8()
    const kind = kinds[kindNumber - 1]
    this.check(kind !== undefined, 'unknown-kind', `kind ${kindNumber} of member records`)
    const fits =
      kind === 'named' ? bounds.isPlainAddress(address) : isMemberAddress(address) || (kind === 'left' && bounds.isPlainAddress(address))
    this.check(fits, 'bad-value', 'an address that this kind of node cannot have')
    const start = this.reader.offset
    const about = this.reader.bytes(this.reader.u16())
    const end = this.reader.offset
    const { name, capabilities } = this.aboutBlock(about)
    const services = this.services()
    const plainHosts = this.plainHosts()
    this.end()
    if (this.fault) return this.fault
    const record: MemberRecord = {
      network,
      address: address as Address,
      publicKey,
      exchangeKey,
      seq48,
      kind: kind ?? 'member',
      name,
      capabilities,
      services,
      plainHosts,
    }
    if (about[0] !== aboutSealed) return { record, sealed: undefined }
    const associated = concatBytes([this.bytes.subarray(0, start), this.bytes.subarray(end)])
    return { record, sealed: { box: about.subarray(1), associated } }
  }

  /** A block by itself, to its end. */
  about(): About | WireFault {
    const name = this.text(bounds.nameBytesMax, 'name')
    const capabilities = this.list(this.reader.u8(), bounds.capabilitiesMax, () => this.text(bounds.capabilityBytesMax, 'capability'))
    this.end()
    return this.fault ?? { name, capabilities }
  }

  private aboutBlock(block: Uint8Array): About {
    this.check(block[0] === aboutOpen || block[0] === aboutSealed, 'bad-value', 'a record that is neither open nor sealed')
    this.check(block.length <= bounds.aboutBytesMax, 'too-long', 'what a member says of itself')
    const about = block[0] === aboutOpen ? new RecordReader(partOf(block, 1)).about() : { name: '', capabilities: [] }
    if (!(about instanceof WireFault)) return about
    this.check(false, about.code, about.detail)
    return { name: '', capabilities: [] }
  }

  private plainHosts(): PlainHost[] {
    return this.list(this.reader.u16(), bounds.plainHostsMax, () => {
      const address = this.text(bounds.plainAddressBytesMax, 'plain host')
      this.check(bounds.isPlainAddress(address), 'bad-value', 'the address of a plain host')
      const hops = this.reader.u8()
      this.check(hops > 0, 'bad-value', 'a plain host without a hop')
      return { address, hops, services: this.services() }
    })
  }

  private services(): ServiceAdvert[] {
    return this.list(this.reader.u8(), bounds.servicesMax, () => {
      const service = this.text(bounds.serviceNameBytesMax, 'service')
      this.check(service !== '', 'bad-value', 'a service without a name')
      const byte = this.reader.u8()
      const load = byte & ~hiddenFromPlain
      this.check(bounds.isLoad(load), 'bad-value', `load ${load}`)
      return byte === load ? { service, load } : { service, load, plain: false }
    })
  }

  private list<T>(count: number, max: number, item: () => T): T[] {
    const items: T[] = []
    this.check(count <= max, 'too-long', `a list of ${count} in a member record`)
    while (items.length < count && this.fault === undefined) items.push(item())
    return items
  }

  private text(bytesMax: number, what: string): string {
    const start = this.reader.offset
    const text = this.reader.string()
    // A cut leaves the offset at or right behind the length byte; bad UTF-8 has moved it on.
    if (this.reader.failed && this.reader.offset > start + 1) this.fault ??= new WireFault('bad-utf8', what)
    this.check(this.reader.offset - start - 1 <= bytesMax, 'too-long', what)
    return text
  }

  private end(): void {
    this.check(this.reader.remaining === 0, 'too-long', 'bytes after the end of a member record')
  }

  /** Keeps the first fault; after a cut everything else is only its echo. */
  private check(holds: boolean, code: WireFaultCode, detail: string): void {
    if (this.fault !== undefined) return
    if (this.reader.failed) this.fault = new WireFault('truncated', 'a member record ends early')
    else if (!holds) this.fault = new WireFault(code, detail)
  }
}
