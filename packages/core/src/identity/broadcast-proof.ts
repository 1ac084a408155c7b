// What a broadcast carries, and its proof (SE9): the origin's signature, so that every node on the way drops what was forged
// or altered, and with a network key a seal, so that only members read it.
//
//   epoch u32 | counter u32 | form u8 (0 open, 1 sealed) | sealed only: salt 16 | body | signature 64
//
// (origin, epoch, counter) is the id. The salt is drawn once per process; the key of the seal is HKDF of the broadcast key
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
const formOpen = 0
const formSealed = 1
const u32Max = 2 ** 32 - 1

/** Who says it, and to whom. */
export interface BroadcastFrame {
  /** As the origin's record has it. */
  readonly network: WireNetwork
  readonly origin: string
  readonly service: string
}

export interface Broadcast {
  readonly epoch: number
  readonly counter: number
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
  { epoch, counter, body }: Pick<Broadcast, 'epoch' | 'counter' | 'body'>,
  { crypto, keyPair, keys, salt }: BroadcastSigner,
): Steps<Uint8Array> {
  const head = new ByteWriter(32)
    .u32(epoch)
    .u32(counter)
    .u8(keys ? formSealed : formOpen)
  const before = keys ? head.bytes(salt).finish() : head.finish()
  const said = keys ? yield* wait(crypto.seal(yield* broadcastKey(frame, salt, { keys, crypto }), nonceOf(counter), before, body)) : body
  const signed = concatBytes([before, said])
  return concatBytes([signed, yield* wait(keyPair.sign(signedText(frame, signed)))])
}

/** What the data says, unproven. */
export function readBroadcast(data: Uint8Array): Broadcast | WireFault {
  const reader = new ByteReader(data.subarray(0, Math.max(0, data.length - signatureBytes)))
  const epoch = reader.u32()
  const counter = reader.u32()
  const form = reader.u8()
  if (form > formSealed) return new WireFault('unknown-kind', `form ${form} of broadcasts`)
  const salt = form === formSealed ? reader.bytes(broadcastSaltBytes) : undefined
  const body = reader.rest()
  return reader.failed ? new WireFault('truncated', 'a broadcast ends early') : { epoch, counter, body, salt }
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
  { epoch, counter, body, salt }: Broadcast,
  key: { readonly keys: NetworkKeys; readonly crypto: Crypto },
): Steps<Uint8Array | undefined> {
  if (salt === undefined) return undefined
  const before = new ByteWriter(32).u32(epoch).u32(counter).u8(formSealed).bytes(salt).finish()
  return yield* wait(key.crypto.open(yield* broadcastKey(frame, salt, key), nonceOf(counter), before, body))
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

function nonceOf(counter: number): Uint8Array {
  return new ByteWriter(12).u32(0).u32(0).u32(Math.min(counter, u32Max)).finish()
}
