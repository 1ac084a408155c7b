// Control messages as bytes: a type, then its fields. What is about routes stands in routes-codec.ts, what is about broadcasts in
// gossip-control.ts.

import { MeshError } from '../errors/mesh-error.ts'
import { ByteReader, ByteWriter, varintBytes } from './bytes.ts'
import type { ControlMessage } from './control.ts'
import { addressBytesMax, controlItemBytesMax, malformedControl, readAddress, routeEntriesMax, writeAddress } from './control-item.ts'
import { decodeGossip, encodeGossip, isGossip } from './gossip-control.ts'
import { linkFrameBytesMax } from './link-frame.ts'
import { RoutesDecoder, RoutesEncoder, routesType } from './routes-codec.ts'
import { WireFault } from './wire-fault.ts'

const noticeTextBytesMax = 1_000

const messageTypes = {
  routes: routesType,
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

type Message<T extends ControlMessage['type']> = Extract<ControlMessage, { type: T }>

/** One direction of one link: what it encodes refers to what it encoded before, so items must arrive in order. */
export class ControlEncoder {
  readonly #routes = new RoutesEncoder()

  /** More names than this are all forgotten between messages: less memory, longer entries. */
  keepNames(most: number): void {
    this.#routes.namesKept = most
  }

  /** One or more items of at most `controlItemBytesMax` bytes. Throws `TOO_LARGE` for a record or a dump that no item holds. */
  encode(message: ControlMessage): Uint8Array[] {
    if (isGossip(message)) return [encodeGossip(message)]
    switch (message.type) {
      case 'routes':
        return this.#routes.encode(message.entries, message.complete)
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

/** The other end of a `ControlEncoder`. */
export class ControlDecoder {
  readonly #routes = new RoutesDecoder()

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
      case messageTypes.routes:
        return this.#routes.decode(reader)
      case messageTypes.pull:
        return decodePull(reader)
      case messageTypes.records:
        return decodeRecords(reader)
      case messageTypes.request: {
        const destination = readAddress(reader)
        const message: ControlMessage = { type: 'request', destination, seq48: reader.u48(), hops: reader.u8() }
        return reader.failed ? malformedControl : message
      }
      case messageTypes.ping:
      case messageTypes.pong: {
        const nonce = reader.varint()
        const told = { hash: reader.u32(), count: reader.varint() }
        return reader.failed ? malformedControl : { type: type === messageTypes.ping ? 'ping' : 'pong', nonce, told }
      }
      case messageTypes.refresh:
        return { type: 'refresh' }
      case messageTypes.closing:
        return { type: 'closing' }
      case messageTypes.pace: {
        const seconds = reader.varint()
        return reader.failed ? malformedControl : { type: 'pace', seconds }
      }
      case messageTypes.rows: {
        const max = reader.varint()
        return reader.failed ? malformedControl : { type: 'rows', max }
      }
      case messageTypes.more: {
        const more = reader.varint()
        return reader.failed ? malformedControl : { type: 'more', more: more !== 0 }
      }
      case messageTypes.notice: {
        const code = reader.string()
        if (reader.remaining > noticeTextBytesMax) return new WireFault('too-long', 'a notice of more than a line')
        const text = reader.text(reader.remaining)
        return reader.failed ? malformedControl : { type: 'notice', code, text }
      }
      default:
        if (item.length === 0) return malformedControl
        return decodeGossip(type, reader) ?? new WireFault('unknown-kind', `control message type ${type}`)
    }
  }
}

function decodePull(reader: ByteReader): ControlMessage | WireFault {
  const count = reader.varint()
  if (count > routeEntriesMax) return new WireFault('too-long', `a pull of ${count} records`)
  const wanted: { address: string; seq48: number }[] = []
  for (let at = 0; at < count && !reader.failed; at++) wanted.push({ address: readAddress(reader), seq48: reader.u48() })
  return reader.failed ? malformedControl : { type: 'pull', wanted }
}

function decodeRecords(reader: ByteReader): ControlMessage | WireFault {
  const count = reader.varint()
  if (count > routeEntriesMax) return new WireFault('too-long', `${count} records in one message`)
  const records: Uint8Array[] = []
  // Records outlive the frame they came in, so they are copied out of it.
  for (let at = 0; at < count && !reader.failed; at++) records.push(reader.copy(reader.varint()))
  return reader.failed ? malformedControl : { type: 'records', records }
}
