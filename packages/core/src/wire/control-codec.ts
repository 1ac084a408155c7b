import { MeshError } from '../errors/mesh-error.ts'
import { ByteReader, ByteWriter, unzigzag, varintBytes, zigzag } from './bytes.ts'
import { metricInfinite, type ControlMessage, type RouteEntry } from './control.ts'
import { decodeGossip, encodeGossip, isGossip } from './gossip-control.ts'
import { linkFrameBytesMax } from './link-frame.ts'
import { namesMax, RecentNames } from './recent-names.ts'
import { textBytes } from './text-cache.ts'
import { WireFault } from './wire-fault.ts'

// Control messages as bytes: a type, then its fields. Adverts repeat the same destinations while something is on the move, so
// each direction of a link remembers the last few, and a number is sent as its distance from the last one of that destination.

/** What one item may take: a link frame without its kind, the Noise tag and the item's own length. */
export const controlItemBytesMax: number = linkFrameBytesMax - 1 - 16 - 3
export const routeEntriesMax = 4_096
export const addressBytesMax = 100
/** Entries of one complete dump. */
export const dumpEntriesMax = 65_536
const noticeTextBytesMax = 1_000
const seq48Max = 2 ** 48 - 1

const messageTypes = {
  routes: 1,
  pull: 2,
  records: 3,
  request: 4,
  ping: 5,
  pong: 6,
  notice: 7,
  refresh: 8,
  closing: 9,
  rows: 10,
  more: 11,
  pace: 12,
} as const

/** Of a `routes` item. A dump that takes several items: `first` … `last`; `reset`: all names are forgotten beforehand. */
const routesFlags = { complete: 1, first: 2, last: 4, reset: 8 } as const
/** Of an entry. A withdrawal needs no metric. */
const entryFlags = { withdrawn: 1, fragile: 2, tagged: 4 } as const

type Message<T extends ControlMessage['type']> = Extract<ControlMessage, { type: T }>

function writeAddress(writer: ByteWriter, address: string): ByteWriter {
  const bytes = textBytes(address)
  if (bytes === 0 || bytes > addressBytesMax) {
    throw new MeshError('INVALID_OPTION', `An address takes 1 … ${addressBytesMax} bytes, not ${bytes}.`)
  }
  return writer.string(address)
}

/** One direction of one link: what it encodes refers to what it encoded before, so items must arrive in order. */
export class ControlEncoder {
  /** More names than this are all forgotten between messages: less memory, longer entries. */
  namesKept: number = namesMax
  readonly #recent = new RecentNames()
  #reset = true

  /** One or more items of at most `controlItemBytesMax` bytes. Throws `TOO_LARGE` for a record or a dump that no item holds. */
  encode(message: ControlMessage): Uint8Array[] {
    if (isGossip(message)) return [encodeGossip(message)]
    switch (message.type) {
      case 'routes':
        return this.#encodeRoutes(message)
      case 'pull':
        return encodePull(message)
      case 'records':
        return encodeRecords(message)
      case 'request': {
        const writer = new ByteWriter().u8(messageTypes.request)
        return [writeAddress(writer, message.destination).u48(message.seq48).u8(Math.min(message.hops, 255)).finish()]
      }
      case 'ping':
      case 'pong':
        return [
          new ByteWriter(16)
            .u8(messageTypes[message.type])
            .varint(message.nonce)
            .u32(message.told.hash)
            .varint(message.told.count)
            .finish(),
        ]
      case 'rows':
      case 'more':
        return [
          new ByteWriter(8)
            .u8(messageTypes[message.type])
            .varint(message.type === 'rows' ? message.max : Number(message.more))
            .finish(),
        ]
      case 'pace':
        return [new ByteWriter(8).u8(messageTypes.pace).varint(message.seconds).finish()]
      case 'refresh':
      case 'closing':
        return [new ByteWriter(1).u8(messageTypes[message.type]).finish()]
      case 'notice':
        return [
          new ByteWriter()
            .u8(messageTypes.notice)
            .string(message.code)
            .text(message.text.slice(0, noticeTextBytesMax / 4))
            .finish(),
        ]
    }
  }

  #encodeRoutes(message: Message<'routes'>): Uint8Array[] {
    const { entries, complete } = message
    if (complete && entries.length > dumpEntriesMax) {
      throw new MeshError('TOO_LARGE', `A dump of ${entries.length} routes; ${dumpEntriesMax} fit.`)
    }
    const items: Uint8Array[] = []
    let done = 0
    do {
      const first = done === 0 ? routesFlags.first : 0
      const reset = this.#reset ? routesFlags.reset : 0
      if (this.#reset) this.#recent.clear()
      // Should an entry throw, the names before it were never sent: the next message starts anew.
      this.#reset = true
      const body = new ByteWriter(Math.min(controlItemBytesMax, 64 + 16 * (entries.length - done)))
      let count = 0
      // The longest entry is a new name: 1 + 1 + 100, flags, 8 of number, 3 of metric, hops, 4 of tag; and 5 for the head.
      while (done < entries.length && count < routeEntriesMax && body.length + 120 + 5 <= controlItemBytesMax) {
        this.#encodeEntry(body, entries[done]!)
        done++
        count++
      }
      this.#reset = false
      const last = done === entries.length ? routesFlags.last : 0
      const head = new ByteWriter(body.length + 8)
        .u8(messageTypes.routes)
        .u8((complete ? routesFlags.complete : 0) | first | last | reset)
        .varint(count)
      items.push(head.bytes(body.view()).finishShared())
      body.release()
    } while (done < entries.length)
    if (this.#recent.size > this.namesKept) {
      this.#recent.clear()
      this.#reset = true
    }
    return items
  }

  #encodeEntry(writer: ByteWriter, entry: RouteEntry): void {
    const { destination, seq48 } = entry
    let place = this.#recent.placeOf(destination)
    if (place < 0) {
      writeAddress(writer.varint(0), destination)
      place = this.#recent.add(destination)
    } else {
      writer.varint(place + 1)
    }
    const withdrawn = entry.metric >= metricInfinite
    const tagged = entry.tag !== undefined && !withdrawn
    writer.u8((withdrawn ? entryFlags.withdrawn : 0) | (entry.fragile ? entryFlags.fragile : 0) | (tagged ? entryFlags.tagged : 0))
    writer.varint(zigzag(seq48 - this.#recent.numberAt(place)))
    this.#recent.number(place, seq48)
    if (!withdrawn) writer.varint(entry.metric)
    writer.u8(Math.min(entry.hops, 255))
    if (tagged) writer.u32(entry.tag)
  }
}

function encodePull(message: Message<'pull'>): Uint8Array[] {
  const rows = message.wanted.map(({ address, seq48 }) => {
    return writeAddress(new ByteWriter(8 + addressBytesMax), address)
      .u48(seq48)
      .finish()
  })
  return packItems(messageTypes.pull, rows)
}

function encodeRecords(message: Message<'records'>): Uint8Array[] {
  const [only] = message.records
  // Most of the time it is one.
  if (only !== undefined && message.records.length === 1 && only.length + 8 <= controlItemBytesMax) {
    return [new ByteWriter(only.length + 8).u8(messageTypes.records).varint(1).lengthed(only).finishShared()]
  }
  return packItems(
    messageTypes.records,
    message.records.map((record) => new ByteWriter(record.length + 3).lengthed(record).finish()),
  )
}

/** type, count, rows: as many items as it takes. */
function packItems(type: number, rows: readonly Uint8Array[]): Uint8Array[] {
  const items: Uint8Array[] = []
  let start = 0
  do {
    let size = 1 + varintBytes(routeEntriesMax)
    let end = start
    while (end < rows.length && end - start < routeEntriesMax && size + rows[end]!.length <= controlItemBytesMax)
      size += rows[end++]!.length
    if (end === start && rows.length > 0) throw new MeshError('TOO_LARGE', `A control entry of ${rows[start]!.length} bytes.`)
    const writer = new ByteWriter(size).u8(type).varint(end - start)
    for (let at = start; at < end; at++) writer.bytes(rows[at]!)
    items.push(writer.finishShared())
    start = end
  } while (start < rows.length)
  return items
}

const malformed = new WireFault('bad-value', 'a control message that cannot be read')
const namesLost = new WireFault('bad-value', 'routes after a fault that lost the names')

/** The other end of a `ControlEncoder`. */
export class ControlDecoder {
  readonly #recent = new RecentNames()
  /** The parts of a complete dump so far; undefined outside of one. */
  #dump: RouteEntry[] | undefined
  #broken = true

  /**
   * One item. The parts of a complete dump before its last read as `routes` without entries; the last brings them all.
   * A type that is not known is a fault `unknown-kind`: count and skip it. After any other fault in `routes` the
   * names are lost and every further `routes` is a fault until the sender begins anew: close the link.
   */
  decode(item: Uint8Array): ControlMessage | WireFault {
    if (item.length > linkFrameBytesMax) return new WireFault('too-long', `a control message of ${item.length} bytes`)
    const reader = new ByteReader(item)
    const type = reader.u8()
    switch (type) {
      case messageTypes.routes: {
        const message = this.#decodeRoutes(reader)
        if (message instanceof WireFault) {
          this.#broken = true
          this.#dump = undefined
        }
        return message
      }
      case messageTypes.pull:
        return decodePull(reader)
      case messageTypes.records:
        return decodeRecords(reader)
      case messageTypes.request: {
        const destination = readAddress(reader)
        const message: ControlMessage = { type: 'request', destination, seq48: reader.u48(), hops: reader.u8() }
        return reader.failed ? malformed : message
      }
      case messageTypes.ping:
      case messageTypes.pong: {
        const nonce = reader.varint()
        const told = { hash: reader.u32(), count: reader.varint() }
        return reader.failed ? malformed : { type: type === messageTypes.ping ? 'ping' : 'pong', nonce, told }
      }
      case messageTypes.refresh:
        return { type: 'refresh' }
      case messageTypes.closing:
        return { type: 'closing' }
      case messageTypes.pace: {
        const seconds = reader.varint()
        return reader.failed ? malformed : { type: 'pace', seconds }
      }
      case messageTypes.rows: {
        const max = reader.varint()
        return reader.failed ? malformed : { type: 'rows', max }
      }
      case messageTypes.more: {
        const more = reader.varint()
        return reader.failed ? malformed : { type: 'more', more: more !== 0 }
      }
      case messageTypes.notice: {
        const code = reader.string()
        if (reader.remaining > noticeTextBytesMax) return new WireFault('too-long', 'a notice of more than a line')
        const text = reader.text(reader.remaining)
        return reader.failed ? malformed : { type: 'notice', code, text }
      }
      default:
        if (item.length === 0) return malformed
        return decodeGossip(type, reader) ?? new WireFault('unknown-kind', `control message type ${type}`)
    }
  }

  #decodeRoutes(reader: ByteReader): ControlMessage | WireFault {
    const flags = reader.u8()
    const count = reader.varint()
    if (reader.failed) return malformed
    if (count > routeEntriesMax) return new WireFault('too-long', `${count} routes in one message`)
    if (flags & routesFlags.reset) {
      this.#recent.clear()
      this.#broken = false
    }
    if (this.#broken) return namesLost
    const complete = (flags & routesFlags.complete) !== 0
    if (flags & routesFlags.first) this.#dump = complete ? [] : undefined
    else if (complete && this.#dump === undefined) return new WireFault('bad-value', 'a dump without its beginning')
    const entries: RouteEntry[] = []
    for (let at = 0; at < count; at++) {
      const entry = this.#decodeEntry(reader)
      if (entry === undefined) return malformed
      entries.push(entry)
    }
    if (!complete) return { type: 'routes', entries, complete: false }
    const dump = this.#dump!
    if (dump.length + entries.length > dumpEntriesMax) return new WireFault('too-long', 'a dump without end')
    for (const entry of entries) dump.push(entry)
    if ((flags & routesFlags.last) === 0) return { type: 'routes', entries: [], complete: false }
    this.#dump = undefined
    return { type: 'routes', entries: dump, complete: true }
  }

  #decodeEntry(reader: ByteReader): RouteEntry | undefined {
    const reference = reader.varint()
    let place = reference - 1
    if (reference === 0) {
      const name = readAddress(reader)
      if (reader.failed) return undefined
      place = this.#recent.add(name)
    }
    const destination = this.#recent.at(place)
    if (destination === undefined) return undefined
    const flags = reader.u8()
    const seq48 = this.#recent.numberAt(place) + unzigzag(reader.varint())
    const metric = flags & entryFlags.withdrawn ? metricInfinite : reader.varint()
    const hops = reader.u8()
    const tag = flags & entryFlags.tagged ? reader.u32() : undefined
    if (reader.failed || seq48 < 0 || seq48 > seq48Max || metric > metricInfinite) return undefined
    this.#recent.number(place, seq48)
    if (tag === undefined && !(flags & entryFlags.fragile)) return { destination, seq48, metric, hops }
    return { destination, seq48, metric, hops, ...(flags & entryFlags.fragile ? { fragile: true } : {}), tag }
  }
}

/** '' is no address: the reader then counts as failed. */
function readAddress(reader: ByteReader): string {
  const length = reader.u8()
  if (length === 0 || length > addressBytesMax) reader.fail()
  return reader.text(length)
}

function decodePull(reader: ByteReader): ControlMessage | WireFault {
  const count = reader.varint()
  if (count > routeEntriesMax) return new WireFault('too-long', `a pull of ${count} records`)
  const wanted: { address: string; seq48: number }[] = []
  for (let at = 0; at < count && !reader.failed; at++) wanted.push({ address: readAddress(reader), seq48: reader.u48() })
  return reader.failed ? malformed : { type: 'pull', wanted }
}

function decodeRecords(reader: ByteReader): ControlMessage | WireFault {
  const count = reader.varint()
  if (count > routeEntriesMax) return new WireFault('too-long', `${count} records in one message`)
  const records: Uint8Array[] = []
  // Records outlive the frame they came in, so they are copied out of it.
  for (let at = 0; at < count && !reader.failed; at++) records.push(reader.copy(reader.varint()))
  return reader.failed ? malformed : { type: 'records', records }
}
