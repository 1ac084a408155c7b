// A receipt: a member says to the origin of broadcasts which of them it has. It passes through others on its way, so it is signed.
//
//   origin text | from text | epoch u32 | flags u8 (1 fleeting) | ranges: count u8, (distance varint, length varint)… | signature 64

import { wait, type Steps } from '../async/awaitable.ts'
import { concatBytes } from '../bytes/concat-bytes.ts'
import type { Crypto, KeyPair } from '../ports/crypto.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import type { BroadcastRows, CounterRange } from '../wire/gossip-control.ts'
import { WireFault } from '../wire/wire-fault.ts'
import { encodeWireNetwork, type WireNetwork } from './wire-network.ts'

export const receiptRangesMax = 16
const signatureBytes = 64

export interface Receipt {
  readonly from: string
  /** Whose broadcasts, and which of them. */
  readonly rows: BroadcastRows
}

export function* signReceipt(
  { from, rows }: Receipt,
  signer: { readonly network: WireNetwork; readonly keyPair: KeyPair },
): Steps<Uint8Array> {
  const { origin, epoch, fleeting, ranges } = rows
  const writer = new ByteWriter(160)
    .string(origin)
    .string(from)
    .u32(epoch)
    .u8(fleeting ? 1 : 0)
  const told = ranges.slice(-receiptRangesMax)
  writer.u8(told.length)
  let before = 0
  for (const { start, end } of told) {
    writer.varint(start - before).varint(end - start)
    before = end
  }
  const signed = writer.finish()
  return concatBytes([signed, yield* wait(signer.keyPair.sign(signedText(signer.network, signed)))])
}

/** What it says, unproven. */
export function readReceipt(bytes: Uint8Array): Receipt | WireFault {
  const reader = new ByteReader(bytes.subarray(0, Math.max(0, bytes.length - signatureBytes)))
  const origin = reader.string()
  const from = reader.string()
  const epoch = reader.u32()
  const fleeting = reader.u8() === 1
  const count = reader.u8()
  const ranges: CounterRange[] = []
  let before = 0
  for (let at = 0; at < Math.min(count, receiptRangesMax) && !reader.failed; at += 1) {
    const start = before + reader.varint()
    before = start + reader.varint()
    ranges.push({ start, end: before })
  }
  if (reader.failed || reader.remaining > 0 || before > 2 ** 32) return new WireFault('bad-value', 'a receipt that cannot be read')
  return { from, rows: { origin, epoch, fleeting, ranges } }
}

/** Whether the owner of `publicKey` said exactly this. */
export function* receiptHolds(
  bytes: Uint8Array,
  { network, publicKey, crypto }: { readonly network: WireNetwork; readonly publicKey: Uint8Array; readonly crypto: Crypto },
): Steps<boolean> {
  return yield* wait(crypto.verify(publicKey, signedText(network, bytes.subarray(0, -signatureBytes)), bytes.subarray(-signatureBytes)))
}

/** Each kind of signature has its own prefix (SE13). */
function signedText(network: WireNetwork, signed: Uint8Array): Uint8Array {
  const writer = new ByteWriter(128 + signed.length).text('hopmesh.1 receipt')
  encodeWireNetwork(writer, network)
  return writer.bytes(signed).finish()
}
