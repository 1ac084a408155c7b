import { concatBytes } from '../crypto/concat-bytes.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { run, wait, type Steps } from '../ports/awaitable.ts'
import type { Awaitable, Crypto, KeyPair } from '../ports/crypto.ts'
import { WireFault } from '../wire/wire-fault.ts'
import { whoOf, whoPart, type Address } from './address.ts'
import { recordBytesMax } from './record-bounds.ts'
import { decodeRecordBody, encodeRecordBody } from './record-codec.ts'

export { sameNetwork, wireNetwork } from './wire-network.ts'

/** A network as it stands on the wire: its name and a 16-byte hash of the admission key (zeros: no key). */
export interface WireNetwork {
  readonly name: string
  readonly keyHash: Uint8Array
}

/** A service and its load as the wire has it: 1 (idle) … 127 (full). */
export interface ServiceAdvert {
  readonly service: string
  readonly load: number
  /** False: plain ALN nodes neither see nor call it. */
  readonly plain?: false | undefined
}

/** A plain ALN node that a member or relay answers for as its gateway. */
export interface PlainHost {
  readonly address: string
  /** Hops behind the gateway, 1 for its neighbour. */
  readonly hops: number
  readonly services: readonly ServiceAdvert[]
}

/**
 * What a member says and signs about itself: the payload of the link handshake and the proof behind each route entry
 * with the same number (SE4, SE5). A record proves that its origin existed, not that it is there.
 */
export interface MemberRecord {
  readonly network: WireNetwork
  readonly address: Address
  /** Ed25519, 32 bytes; hashes to the part of the address before the dot, except for a `named` node. */
  readonly publicKey: Uint8Array
  /** X25519 of this process, 32 bytes: the Noise static key. */
  readonly exchangeKey: Uint8Array
  /** epoch × 65536 + number: raised with every change of this record. */
  readonly seq48: number
  /** `named`: a capable node under a free-form name, as in plain ALN. Its key proves that it is one process, not who it is. */
  readonly kind: 'member' | 'relay' | 'left' | 'named'
  readonly name: string
  readonly capabilities: readonly string[]
  readonly services: readonly ServiceAdvert[]
  readonly plainHosts: readonly PlainHost[]
}

const signatureBytes = 64
const numbersOfEpoch = 65_536
/** Each kind of signature has its own prefix, so that none can stand in for another (SE13). */
const signaturePrefix = new TextEncoder().encode('hopmesh.1 record')

/** `number` counts the changes within an epoch: 0 … 65 535. */
export function seq48Of(epoch: number, number: number): number {
  return epoch * numbersOfEpoch + number
}

export function epochOf(seq48: number): number {
  return Math.floor(seq48 / numbersOfEpoch)
}

/** The record with its signature, at most 32 KiB. Throws a MeshError (`TOO_LARGE`, `INVALID_OPTION`) out of bounds. */
export function signRecord(record: MemberRecord, keyPair: KeyPair): Awaitable<Uint8Array> {
  return run(signSteps(record, keyPair))
}

function* signSteps(record: MemberRecord, keyPair: KeyPair): Steps<Uint8Array> {
  const body = encodeRecordBody(record)
  const length = body.length + signatureBytes
  if (length > recordBytesMax) throw new MeshError('TOO_LARGE', `a member record of ${length} bytes: at most ${recordBytesMax} are allowed`)
  return concatBytes(body, yield* wait(keyPair.sign(concatBytes(signaturePrefix, body))))
}

/**
 * The record of these bytes once its key hashes to `who` of its address and the signature holds; else what is wrong.
 * The network is the caller's to compare. Never throws at what the bytes say.
 */
export function openRecord(bytes: Uint8Array, crypto: Crypto): Awaitable<MemberRecord | WireFault> {
  return run(openSteps(bytes, crypto))
}

function* openSteps(bytes: Uint8Array, crypto: Crypto): Steps<MemberRecord | WireFault> {
  if (bytes.length > recordBytesMax) return new WireFault('too-long', `a member record of ${bytes.length} bytes`)
  if (bytes.length < signatureBytes) return new WireFault('truncated', 'a member record ends early')
  const body = bytes.subarray(0, -signatureBytes)
  const record = decodeRecordBody(body)
  if (record instanceof WireFault) return record
  if (record.kind !== 'named' && (yield* wait(whoOf(record.publicKey, crypto))) !== whoPart(record.address)) {
    return new WireFault('bad-value', 'the key of a member record does not hash to its address')
  }
  const signed = concatBytes(signaturePrefix, body)
  const holds = yield* wait(crypto.verify(record.publicKey, signed, bytes.subarray(-signatureBytes)))
  return holds ? record : new WireFault('bad-signature', `a member record of ${record.address}`)
}
