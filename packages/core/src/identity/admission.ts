// What the side that began a handshake says last, inside message 3: its member record, and what shows a relay of a keyed network
// that it may come in. A relay has no network key, so the signer proves with the admission key that comes of it; the hash of its
// public half is the one that was named in clear. Beside it, when a relay is dialed, a token of its operator may stand.

import { wait, type Steps } from '../async/awaitable.ts'
import { concatBytes } from '../bytes/concat-bytes.ts'
import type { Crypto, KeyPair } from '../ports/crypto.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { WireFault } from '../wire/wire-fault.ts'
import { admissionKeyHash } from './network-key.ts'
import { recordBytesMax } from './record-bounds.ts'

const keyBytes = 32
const signatureBytes = 64
/** Of a token: far more than one with every quota has. */
export const tokenBytesMax = 4_096
/** Each kind of signature has its own prefix, so that none can stand in for another (SE13). */
const signaturePrefix = new TextEncoder().encode('hopmesh.1 admission')
const proofKinds = { admission: 1, token: 2 } as const

/** The payload of message 3. */
export interface Finish {
  readonly record: Uint8Array
  /** Public key and signature, 96 bytes. */
  readonly admission?: Uint8Array | undefined
  readonly token?: string | undefined
}

export function encodeFinish({ record, admission, token }: Finish): Uint8Array {
  const writer = new ByteWriter(record.length + 512).lengthed(record)
  if (admission) writer.u8(proofKinds.admission).lengthed(admission)
  if (token !== undefined) writer.u8(proofKinds.token).lengthed(new TextEncoder().encode(token))
  return writer.finish()
}

/** Views into the payload. Kinds of proof that are not known are skipped. */
export function decodeFinish(payload: Uint8Array): Finish | WireFault {
  const unreadable = new WireFault('truncated', 'the third handshake message cannot be read')
  const reader = new ByteReader(payload)
  const record = lengthed(reader, recordBytesMax)
  if (record === undefined) return unreadable
  let admission: Uint8Array | undefined
  let token: string | undefined
  while (reader.remaining > 0) {
    const kind = reader.u8()
    const proof = lengthed(reader, tokenBytesMax)
    if (proof === undefined) return unreadable
    if (kind === proofKinds.admission) admission = proof
    else if (kind === proofKinds.token) token = new TextDecoder().decode(proof)
  }
  return { record, admission, token }
}

/** Public key and signature over the handshake hash as it stands before the payload of message 3. */
export function* signAdmission(admission: KeyPair, handshakeHash: Uint8Array): Steps<Uint8Array> {
  return concatBytes([admission.publicKey, yield* wait(admission.sign(concatBytes([signaturePrefix, handshakeHash])))])
}

/** Whether it was made in this handshake by somebody who has the key behind `keyHash`. */
export function* admissionHolds(
  proof: Uint8Array | undefined,
  { keyHash, handshakeHash, crypto }: { readonly keyHash: Uint8Array; readonly handshakeHash: Uint8Array; readonly crypto: Crypto },
): Steps<boolean> {
  if (proof?.length !== keyBytes + signatureBytes) return false
  const publicKey = proof.subarray(0, keyBytes)
  const hash = yield* wait(admissionKeyHash(publicKey, crypto))
  if (hash.some((byte, index) => byte !== keyHash[index])) return false
  return yield* wait(crypto.verify(publicKey, concatBytes([signaturePrefix, handshakeHash]), proof.subarray(keyBytes)))
}

function lengthed(reader: ByteReader, bytesMax: number): Uint8Array | undefined {
  const length = reader.varint()
  if (reader.failed || length > bytesMax || length > reader.remaining) return undefined
  return reader.bytes(length)
}
