// What a record says, once it is open: frames in the manner of QUIC, one behind the other, type first. Numbers are varints.
//
//   1 ping            (asks for an acknowledgement)
//   2 ack             highest, delay ms, ranges - 1, length - 1 of the highest range, then for each lower one: gap - 1, length - 1
//   3 stream          flags u8 (1 end, 2 the stream is one message), id, offset, length, bytes
//   4 reset           id, code, length, reason, size (the sender gives the stream up after so many bytes)
//   5 stop            id, code, length, reason (the receiver wants no more of it)
//   6 stream credit   id, bytes that may be sent of it in all
//   7 credit          bytes that may be sent of all streams together; messages have only their own
//   8 streams credit  streams that the peer may have opened in all
//   9 datagram        length, bytes
//  10 close           code text, one line as text
//
// A type that nobody knows has no length that anybody knows: it makes the record a fault. New types need a new version.

import { ByteReader, type ByteWriter } from '../wire/bytes.ts'
import { WireFault } from '../wire/wire-fault.ts'
import type { Range } from '../bytes/range-set.ts'
import { ackRangesMax, datagramBytesMax, framesPerRecordMax, streamReasonBytesMax } from './session-limits.ts'

export const frameTypes = {
  ping: 1,
  ack: 2,
  stream: 3,
  reset: 4,
  stop: 5,
  streamCredit: 6,
  credit: 7,
  streamsCredit: 8,
  datagram: 9,
  close: 10,
} as const

export const streamFlags = { end: 1, message: 2 } as const

export interface StreamFrame {
  readonly kind: 'stream'
  readonly id: number
  readonly offset: number
  readonly end: boolean
  readonly message: boolean
  /** A view into the record. */
  readonly data: Uint8Array
}

export type SessionFrame =
  | { readonly kind: 'ping' }
  /** Half-open ranges of packet numbers, the highest first. */
  | { readonly kind: 'ack'; readonly delayMs: number; readonly ranges: readonly Range[] }
  | StreamFrame
  | { readonly kind: 'reset'; readonly id: number; readonly code: number; readonly reason: Uint8Array; readonly size: number }
  | { readonly kind: 'stop'; readonly id: number; readonly code: number; readonly reason: Uint8Array }
  | { readonly kind: 'streamCredit'; readonly id: number; readonly most: number }
  | { readonly kind: 'credit'; readonly most: number }
  | { readonly kind: 'streamsCredit'; readonly most: number }
  | { readonly kind: 'datagram'; readonly data: Uint8Array }
  | { readonly kind: 'close'; readonly code: string; readonly text: string }

/** A stream frame whose data come in parts. */
export function writeStreamFrame(
  writer: ByteWriter,
  frame: Omit<StreamFrame, 'data'>,
  { parts, length }: { readonly parts: readonly Uint8Array[]; readonly length: number },
): void {
  writer.u8(frameTypes.stream)
  writer.u8((frame.end ? streamFlags.end : 0) | (frame.message ? streamFlags.message : 0))
  writer.varint(frame.id).varint(frame.offset).varint(length)
  for (const part of parts) writer.bytes(part)
}

/** Writes one frame; `ranges` of an ack must not be empty. */
export function writeFrame(writer: ByteWriter, frame: SessionFrame): void {
  writer.u8(frameTypes[frame.kind])
  switch (frame.kind) {
    case 'ping':
      return
    case 'ack':
      writeAck(writer, frame.delayMs, frame.ranges)
      return
    case 'stream':
      writer.u8((frame.end ? streamFlags.end : 0) | (frame.message ? streamFlags.message : 0))
      writer.varint(frame.id).varint(frame.offset).lengthed(frame.data)
      return
    case 'reset':
      writer.varint(frame.id).varint(frame.code).lengthed(frame.reason).varint(frame.size)
      return
    case 'stop':
      writer.varint(frame.id).varint(frame.code).lengthed(frame.reason)
      return
    case 'streamCredit':
      writer.varint(frame.id).varint(frame.most)
      return
    case 'credit':
    case 'streamsCredit':
      writer.varint(frame.most)
      return
    case 'datagram':
      writer.lengthed(frame.data)
      return
    case 'close':
      writer.string(frame.code).string(frame.text)
      return
  }
}

function writeAck(writer: ByteWriter, delayMs: number, ranges: readonly Range[]): void {
  writer
    .varint(ranges[0]!.end - 1)
    .varint(delayMs)
    .varint(ranges.length - 1)
  let below: number | undefined
  for (const { start, end } of ranges) {
    if (below !== undefined) writer.varint(below - end - 1)
    writer.varint(end - start - 1)
    below = start
  }
}

/** All frames of a record, or a WireFault when one of them cannot be read: then none counts. Never throws. */
export function decodeFrames(plain: Uint8Array): SessionFrame[] | WireFault {
  const reader = new ByteReader(plain)
  const frames: SessionFrame[] = []
  while (reader.remaining > 0) {
    if (frames.length >= framesPerRecordMax) return new WireFault('too-long', `more than ${framesPerRecordMax} frames in a record`)
    const type = reader.u8()
    const frame = readFrame(reader, type)
    if (reader.failed) return new WireFault('truncated', `a session frame of type ${type} ends early`)
    if (frame === undefined) return new WireFault('unknown-kind', `session frame of type ${type}`)
    if (frame instanceof WireFault) return frame
    frames.push(frame)
  }
  // An empty record, or one whose last read failed at its very end.
  return reader.failed || frames.length === 0 ? new WireFault('truncated', 'a record without a frame') : frames
}

function readFrame(reader: ByteReader, type: number): SessionFrame | WireFault | undefined {
  switch (type) {
    case frameTypes.ping:
      return { kind: 'ping' }
    case frameTypes.ack:
      return readAck(reader)
    case frameTypes.stream:
      return readStream(reader)
    case frameTypes.reset:
      return withinReason({ kind: 'reset', id: reader.varint(), code: reader.varint(), reason: reader.lengthed(), size: reader.varint() })
    case frameTypes.stop:
      return withinReason({ kind: 'stop', id: reader.varint(), code: reader.varint(), reason: reader.lengthed() })
    case frameTypes.streamCredit:
      return { kind: 'streamCredit', id: reader.varint(), most: reader.varint() }
    case frameTypes.credit:
      return { kind: 'credit', most: reader.varint() }
    case frameTypes.streamsCredit:
      return { kind: 'streamsCredit', most: reader.varint() }
    case frameTypes.datagram: {
      const data = reader.lengthed()
      return data.length > datagramBytesMax ? new WireFault('too-long', `a datagram of ${data.length} bytes`) : { kind: 'datagram', data }
    }
    case frameTypes.close:
      return { kind: 'close', code: reader.string(), text: reader.string() }
    default:
      return undefined
  }
}

function withinReason(frame: SessionFrame & { readonly reason: Uint8Array }): SessionFrame | WireFault {
  const { length } = frame.reason
  return length > streamReasonBytesMax ? new WireFault('too-long', `a reason of ${length} bytes`) : frame
}

function readStream(reader: ByteReader): SessionFrame | WireFault {
  const flags = reader.u8()
  if (flags > (streamFlags.end | streamFlags.message)) return new WireFault('bad-value', `flags ${flags} of a stream frame`)
  const [id, offset, data] = [reader.varint(), reader.varint(), reader.lengthed()]
  if (!Number.isSafeInteger(offset + data.length)) return new WireFault('bad-value', 'a stream beyond 2^53 bytes')
  return { kind: 'stream', id, offset, end: (flags & streamFlags.end) !== 0, message: (flags & streamFlags.message) !== 0, data }
}

function readAck(reader: ByteReader): SessionFrame | WireFault {
  const highest = reader.varint()
  const delayMs = reader.varint()
  const count = reader.varint() + 1
  if (count > ackRangesMax) return new WireFault('too-long', `an acknowledgement of ${count} ranges`)
  const ranges: Range[] = []
  let end = highest + 1
  while (ranges.length < count && !reader.failed) {
    if (ranges.length > 0) end = ranges[ranges.length - 1]!.start - reader.varint() - 1
    const start = end - reader.varint() - 1
    if (start < 0) return new WireFault('bad-value', 'an acknowledgement of numbers below 0')
    ranges.push({ start, end })
  }
  return { kind: 'ack', delayMs, ranges }
}
