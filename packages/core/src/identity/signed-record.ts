// The proof behind a member record: its bytes with an Ed25519 signature that nobody else can make.

import { concatBytes } from '../bytes/concat-bytes.ts'
import { partOf } from '../bytes/part-of.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { run, wait, type Steps } from '../async/awaitable.ts'
import type { Awaitable, Crypto, KeyPair } from '../ports/crypto.ts'
import { allocate } from '../bytes/slab.ts'
import { WireFault } from '../wire/wire-fault.ts'
import { isMemberAddress, whoOf, whoPart } from './address.ts'
import type { MemberRecord } from './member-record.ts'
import { keysBehind, type NetworkKeyring, type NetworkKeys } from './network-key.ts'
import { recordBytesMax } from './record-bounds.ts'
import { decodeAbout, decodeRecordBody, encodeRecordParts, joinRecordParts, type DecodedRecord } from './record-codec.ts'
import { openAbout, sealAbout } from './sealed-about.ts'

/** At the end of the bytes. */
export const signatureBytes = 64
/** Each kind of signature has its own prefix, so that none can stand in for another (SE13). */
const signaturePrefix = new TextEncoder().encode('hopmesh.1 record')

/** How the members of a keyed network keep relays from reading, and from inventing, who is there (SE10). */
export interface RecordSeal {
  readonly crypto: Crypto
  readonly keys: NetworkKeys
}

/**
 * The record with its signature, at most 32 KiB; with `seal`, name and capabilities are for those who have the network key.
 * Throws a MeshError (`TOO_LARGE`, `INVALID_OPTION`) out of bounds.
 */
export function signRecord(record: MemberRecord, keyPair: KeyPair, seal?: RecordSeal): Awaitable<Uint8Array> {
  return run(signSteps(record, keyPair, seal))
}

function* signSteps(record: MemberRecord, keyPair: KeyPair, seal: RecordSeal | undefined): Steps<Uint8Array> {
  const parts = encodeRecordParts(record)
  const box = seal && (yield* sealAbout(record, parts, seal.keys, seal.crypto))
  const body = joinRecordParts(parts, box)
  const length = body.length + signatureBytes
  if (length > recordBytesMax) throw new MeshError('TOO_LARGE', `a member record of ${length} bytes: at most ${recordBytesMax} are allowed`)
  return concatBytes([body, yield* wait(keyPair.sign(concatBytes([signaturePrefix, body])))])
}

/** What the bytes say, unverified: good for nothing but to decide whether to verify them. */
export function readRecord(bytes: Uint8Array): DecodedRecord | WireFault {
  return decodeRecordBody(bytes.subarray(0, Math.max(0, bytes.length - signatureBytes)))
}

/**
 * The record of these bytes once its key hashes to `who` of its address and the signature holds; else what is wrong.
 * With a keyring also only if its sealed part opens (`wrong-key`): only a relay may do without, and is then believed to
 * be a relay and nothing more. Without one a sealed name stays ''. The network is the caller's to compare. Never throws at
 * what the bytes say. `read`: what `readRecord` gave of these very bytes.
 */
export function openRecord(
  bytes: Uint8Array,
  crypto: Crypto,
  keyring?: NetworkKeyring,
  read?: DecodedRecord | WireFault,
): Awaitable<MemberRecord | WireFault> {
  return run(openSteps(bytes, crypto, keyring, read))
}

function* openSteps(
  bytes: Uint8Array,
  crypto: Crypto,
  keyring: NetworkKeyring | undefined,
  read: DecodedRecord | WireFault | undefined,
): Steps<MemberRecord | WireFault> {
  if (bytes.length > recordBytesMax) return new WireFault('too-long', `a member record of ${bytes.length} bytes`)
  if (bytes.length < signatureBytes) return new WireFault('truncated', 'a member record ends early')
  const body = bytes.subarray(0, -signatureBytes)
  const decoded = read ?? decodeRecordBody(body)
  if (decoded instanceof WireFault) return decoded
  const { record } = decoded
  if (isMemberAddress(record.address) && (yield* wait(whoOf(record.publicKey, crypto))) !== whoPart(record.address)) {
    return new WireFault('bad-value', 'the key of a member record does not hash to its address')
  }
  const signed = allocate(signaturePrefix.length + body.length)
  signed.set(signaturePrefix)
  signed.set(body, signaturePrefix.length)
  const holds = yield* wait(crypto.verify(record.publicKey, signed, partOf(bytes, body.length)))
  if (!holds) return new WireFault('bad-signature', `a member record of ${record.address}`)
  return keyring ? yield* openedSteps(decoded, keyring, crypto) : record
}

function* openedSteps({ record, sealed }: DecodedRecord, keyring: NetworkKeyring, crypto: Crypto): Steps<MemberRecord | WireFault> {
  // What a relay without the key says of services and plain nodes is not the network's word.
  if (sealed === undefined && record.kind === 'relay') return { ...record, services: [], plainHosts: [] }
  // A leave says nothing but that, and counts only under the key that the node is known by.
  if (record.kind === 'left') return { ...record, name: '', capabilities: [], services: [], plainHosts: [] }
  const keys = keysBehind(keyring, record.network.keyHash)
  const about = sealed && keys && (yield* openAbout(record, sealed, { keys, crypto }))
  if (about === undefined) return new WireFault('wrong-key', `${record.address} does not have the key of this network`)
  const opened = decodeAbout(about)
  return opened instanceof WireFault ? opened : { ...record, ...opened }
}
