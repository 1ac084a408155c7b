// What a broadcast carries, and its proof (SE9): the origin's signature, so that every node on the way drops what was forged
// or altered, and with a network key a seal, so that only members read it.
//
//   epoch u32 | counter u32 | flags u8 (1 sealed, 2 fleeting, 4 own tree) | before varint | said u48 | sealed only: salt 16 | body | signature 64
//
// (origin, epoch, fleeting, counter) is the id. `before` is how many of the counters before this one can still be had, `said` when it
// was said: milliseconds since 1970 by the origin's clock. The salt is drawn once per process and epoch; the key of the seal is HKDF of the broadcast key
// with that salt and `broadcast ` + origin, its nonce the counter, its associated data all before the body. The signature
// covers network, origin, service and everything before it.

import { wait, type Steps } from '../async/awaitable.ts'
import { concatBytes } from '../bytes/concat-bytes.ts'
import { hkdfExpand, hkdfExtract } from '../crypto/hkdf.ts'
import type { Crypto, KeyPair } from '../ports/crypto.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { WireFault } from '../wire/wire-fault.ts'
import type { NetworkKeys } from './network-key.ts'
import { encodeWireNetwork, type WireNetwork } from './wire-network.ts'

export const broadcastSaltBytes = 16
const signatureBytes = 64
const flags = { sealed: 1, fleeting: 2, ownTree: 4 } as const
const flagsKnown = 7

/** Who says it, and to whom. */
export interface BroadcastFrame {
  /** As the origin's record has it. */
  readonly network: WireNetwork
  readonly origin: string
  readonly service: string
}

/** What the origin says about it beside the body. */
export interface BroadcastHead {
  readonly epoch: number
  readonly counter: number
  /** Nobody keeps it for those who are away. */
  readonly fleeting: boolean
  /** It takes a tree of its origin's own. */
  readonly ownTree: boolean
  /** Of the counters before this one, how many can still be had. */
  readonly before: number
  /** Milliseconds since 1970. */
  readonly saidAt: number
}

export interface Broadcast extends BroadcastHead {
  /** With `salt` sealed. */
  readonly body: Uint8Array
  readonly salt: Uint8Array | undefined
}

export interface BroadcastSigner {
  readonly crypto: Crypto
  readonly keyPair: KeyPair
  readonly keys: NetworkKeys | undefined
  /** Of this process, 16 bytes. */
  readonly salt: Uint8Array
}

/** The data of a broadcast. `counter` is 1 … 2^32 − 1 and used once. */
export function* signBroadcast(
  frame: BroadcastFrame,
  { body, ...head }: BroadcastHead & Pick<Broadcast, 'body'>,
  { crypto, keyPair, keys, salt }: BroadcastSigner,
): Steps<Uint8Array> {
  const before = headBytes(head, keys && salt)
  const said = keys ? yield* wait(crypto.seal(yield* broadcastKey(frame, salt, { keys, crypto }), nonceOf(head), before, body)) : body
  const signed = concatBytes([before, said])
  return concatBytes([signed, yield* wait(keyPair.sign(signedText(frame, signed)))])
}

/** What the data says, unproven. */
export function readBroadcast(data: Uint8Array): Broadcast | WireFault {
  const reader = new ByteReader(data.subarray(0, Math.max(0, data.length - signatureBytes)))
  const epoch = reader.u32()
  const counter = reader.u32()
  const flag = reader.u8()
  if (flag > flagsKnown) return new WireFault('unknown-kind', `flags ${flag} of broadcasts`)
  const before = reader.varint()
  const saidAt = reader.u48()
  const salt = flag & flags.sealed ? reader.bytes(broadcastSaltBytes) : undefined
  const body = reader.rest()
  if (reader.failed) return new WireFault('truncated', 'a broadcast ends early')
  if (counter === 0 || before >= counter) return new WireFault('bad-value', `${before} broadcasts before number ${counter}`)
  return { epoch, counter, fleeting: (flag & flags.fleeting) !== 0, ownTree: (flag & flags.ownTree) !== 0, before, saidAt, body, salt }
}

function headBytes({ epoch, counter, fleeting, ownTree, before, saidAt }: BroadcastHead, salt: Uint8Array | undefined): Uint8Array {
  const flag = (salt ? flags.sealed : 0) | (fleeting ? flags.fleeting : 0) | (ownTree ? flags.ownTree : 0)
  const head = new ByteWriter(48).u32(epoch).u32(counter).u8(flag).varint(before).u48(saidAt)
  return salt ? head.bytes(salt).finish() : head.finish()
}

/** Whether the owner of `publicKey` said exactly this. */
export function* broadcastHolds(
  frame: BroadcastFrame,
  data: Uint8Array,
  { publicKey, crypto }: { publicKey: Uint8Array; crypto: Crypto },
): Steps<boolean> {
  const signed = data.subarray(0, -signatureBytes)
  return yield* wait(crypto.verify(publicKey, signedText(frame, signed), data.subarray(-signatureBytes)))
}

/** The body; undefined when it was sealed with another key. */
export function* openBroadcast(
  frame: BroadcastFrame,
  { body, salt, ...head }: Broadcast,
  key: { readonly keys: NetworkKeys; readonly crypto: Crypto },
): Steps<Uint8Array | undefined> {
  if (salt === undefined) return undefined
  return yield* wait(key.crypto.open(yield* broadcastKey(frame, salt, key), nonceOf(head), headBytes(head, salt), body))
}

function* broadcastKey(
  { origin }: BroadcastFrame,
  salt: Uint8Array,
  { keys, crypto }: { keys: NetworkKeys; crypto: Crypto },
): Steps<Uint8Array> {
  return yield* hkdfExpand(crypto, yield* hkdfExtract(crypto, salt, keys.broadcastKey), `broadcast ${origin}`)
}

/** Each kind of signature has its own prefix, so that none can stand in for another (SE13). */
function signedText({ network, origin, service }: BroadcastFrame, signed: Uint8Array): Uint8Array {
  const writer = new ByteWriter(128 + signed.length).text('hopmesh.1 broadcast')
  encodeWireNetwork(writer, network)
  return writer.string(origin).string(service).bytes(signed).finish()
}

function nonceOf({ fleeting, counter }: Pick<BroadcastHead, 'fleeting' | 'counter'>): Uint8Array {
  return new ByteWriter(12)
    .u32(0)
    .u32(fleeting ? 1 : 0)
    .u32(counter)
    .finish()
}
