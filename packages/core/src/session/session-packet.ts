// What the packets of a session look like to everybody on the way. The first byte says which kind it is:
//
//   1 first    initiator's connection id 8 B | key hash 16 B | Noise message 1
//   2 second   initiator's connection id 8 B | piece u8 | pieces u8 | part of Noise message 2
//   3 third    responder's connection id 8 B | piece u8 | pieces u8 | part of Noise message 3
//   4 record   receiver's connection id 8 B  | packet number 48 bit | AES-GCM { frames }
//   5 unknown  the connection id of a record that nobody here has keys for
//
// A member record takes up to 32 KiB, more than one packet carries: that is what pieces are for.

import { keyHashBytes } from '../identity/wire-network.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { WireFault } from '../wire/wire-fault.ts'
import { handshakePiecesMax, largeSessionPacketBytesMax, sessionPacketBytesMax } from './session-limits.ts'

export const connectionIdBytes = 8
const kinds = { first: 1, second: 2, third: 3, record: 4, unknown: 5 } as const
const pieceHeadBytes = 3 + connectionIdBytes
export const handshakePieceBytesMax: number = sessionPacketBytesMax - pieceHeadBytes

export interface HandshakePiece {
  readonly kind: 'second' | 'third'
  /** Chosen by who is to receive it. */
  readonly id: Uint8Array
  readonly piece: number
  readonly pieces: number
  readonly bytes: Uint8Array
}

export type SessionPacket =
  | { readonly kind: 'first'; readonly id: Uint8Array; readonly keyHash: Uint8Array; readonly message: Uint8Array }
  | HandshakePiece
  | { readonly kind: 'record'; readonly id: Uint8Array; readonly number: number; readonly sealed: Uint8Array }
  | { readonly kind: 'unknown'; readonly id: Uint8Array }

export type FirstPacket = SessionPacket & { readonly kind: 'first' }

/** Bytes as a key of a map. */
export function idText(id: Uint8Array): string {
  return String.fromCharCode(...id)
}

/** `keyHash` says under which network key: who has several finds the right one. */
export function encodeFirst(id: Uint8Array, keyHash: Uint8Array, message: Uint8Array): Uint8Array {
  const writer = new ByteWriter(1 + connectionIdBytes + keyHashBytes + message.length)
  return writer.u8(kinds.first).bytes(id).bytes(keyHash).bytes(message).finish()
}

/** The packets of one Noise message. It fits `handshakePiecesMax` of them: records are at most 32 KiB. */
export function encodePieces(kind: 'second' | 'third', id: Uint8Array, message: Uint8Array): Uint8Array[] {
  const pieces = Math.max(1, Math.ceil(message.length / handshakePieceBytesMax))
  return Array.from({ length: pieces }, (_, piece) => {
    const part = message.subarray(piece * handshakePieceBytesMax, (piece + 1) * handshakePieceBytesMax)
    return new ByteWriter(pieceHeadBytes + part.length).u8(kinds[kind]).bytes(id).u8(piece).u8(pieces).bytes(part).finish()
  })
}

/** The ciphertext follows. */
export function writeRecordHead(writer: ByteWriter, id: Uint8Array, number: number): ByteWriter {
  return writer.u8(kinds.record).bytes(id).u48(number)
}

export function encodeUnknown(id: Uint8Array): Uint8Array {
  return new ByteWriter(1 + connectionIdBytes).u8(kinds.unknown).bytes(id).finish()
}

/** Views into `bytes`. */
export function decodeSessionPacket(bytes: Uint8Array): SessionPacket | WireFault {
  if (bytes.length > largeSessionPacketBytesMax) return new WireFault('too-long', `a session packet of ${bytes.length} bytes`)
  const reader = new ByteReader(bytes)
  const kind = reader.u8()
  const id = reader.bytes(connectionIdBytes)
  const packet = readBody(reader, kind, id)
  return reader.failed ? new WireFault('truncated', 'a session packet ends early') : packet
}

function readBody(reader: ByteReader, kind: number, id: Uint8Array): SessionPacket | WireFault {
  switch (kind) {
    case kinds.first:
      return { kind: 'first', id, keyHash: reader.bytes(keyHashBytes), message: reader.rest() }
    case kinds.second:
    case kinds.third: {
      const [piece, pieces] = [reader.u8(), reader.u8()]
      if (pieces === 0 || pieces > handshakePiecesMax || piece >= pieces) return new WireFault('bad-value', `piece ${piece} of ${pieces}`)
      return { kind: kind === kinds.second ? 'second' : 'third', id, piece, pieces, bytes: reader.rest() }
    }
    case kinds.record:
      return { kind: 'record', id, number: reader.u48(), sealed: reader.rest() }
    case kinds.unknown:
      return { kind: 'unknown', id }
    default:
      return new WireFault('unknown-kind', `session packet of kind ${kind}`)
  }
}
