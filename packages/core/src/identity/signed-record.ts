// The proof behind a member record: its bytes with an Ed25519 signature that nobody else can make.

import { concatBytes } from '../bytes/concat-bytes.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { run, wait, type Steps } from '../async/awaitable.ts'
import type { Awaitable, Crypto, KeyPair } from '../ports/crypto.ts'
import { WireFault } from '../wire/wire-fault.ts'
import { whoOf, whoPart } from './address.ts'
import type { MemberRecord } from './member-record.ts'
import { recordBytesMax } from './record-bounds.ts'
import { decodeRecordBody, encodeRecordBody } from './record-codec.ts'

const signatureBytes = 64
/** Each kind of signature has its own prefix, so that none can stand in for another (SE13). */
const signaturePrefix = new TextEncoder().encode('hopmesh.1 record')

/** The record with its signature, at most 32 KiB. Throws a MeshError (`TOO_LARGE`, `INVALID_OPTION`) out of bounds. */
export function signRecord(record: MemberRecord, keyPair: KeyPair): Awaitable<Uint8Array> {
  return run(signSteps(record, keyPair))
}

function* signSteps(record: MemberRecord, keyPair: KeyPair): Steps<Uint8Array> {
  const body = encodeRecordBody(record)
  const length = body.length + signatureBytes
  if (length > recordBytesMax) throw new MeshError('TOO_LARGE', `a member record of ${length} bytes: at most ${recordBytesMax} are allowed`)
  return concatBytes([body, yield* wait(keyPair.sign(concatBytes([signaturePrefix, body])))])
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
  const signed = concatBytes([signaturePrefix, body])
  const holds = yield* wait(crypto.verify(record.publicKey, signed, bytes.subarray(-signatureBytes)))
  return holds ? record : new WireFault('bad-signature', `a member record of ${record.address}`)
}
