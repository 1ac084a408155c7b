// With a network key, the name and the capabilities in a record are sealed (SE10): relays read neither, and cannot invent
// members, for a member ignores an origin whose part does not open.
//
// The key belongs to one process: HKDF of the broadcast key with the record's exchange key, drawn at the start of the
// process, as salt and `record ` + address as info. The nonce is the record's number, which no two records share. All
// other bytes of the body are associated data.

import { wait, type Steps } from '../async/awaitable.ts'
import { hkdfExpand, hkdfExtract } from '../crypto/hkdf.ts'
import type { Crypto } from '../ports/crypto.ts'
import { ByteWriter } from '../wire/bytes.ts'
import type { MemberRecord } from './member-record.ts'
import type { NetworkKeys } from './network-key.ts'
import type { RecordParts } from './record-codec.ts'
import { concatBytes } from '../bytes/concat-bytes.ts'

type Sealing = Pick<MemberRecord, 'address' | 'exchangeKey' | 'seq48'>

export function* sealAbout(record: Sealing, parts: RecordParts, keys: NetworkKeys, crypto: Crypto): Steps<Uint8Array> {
  const key = yield* aboutKey(record, keys, crypto)
  return yield* wait(crypto.seal(key, nonceOf(record), concatBytes([parts.head, parts.tail]), parts.about))
}

/** undefined: whoever signed this record does not have the network key. */
export function* openAbout(
  record: Sealing,
  sealed: { readonly box: Uint8Array; readonly associated: Uint8Array },
  { keys, crypto }: { readonly keys: NetworkKeys; readonly crypto: Crypto },
): Steps<Uint8Array | undefined> {
  const key = yield* aboutKey(record, keys, crypto)
  return yield* wait(crypto.open(key, nonceOf(record), sealed.associated, sealed.box))
}

function* aboutKey({ address, exchangeKey }: Sealing, keys: NetworkKeys, crypto: Crypto): Steps<Uint8Array> {
  return yield* hkdfExpand(crypto, yield* hkdfExtract(crypto, exchangeKey, keys.broadcastKey), `record ${address}`)
}

function nonceOf({ seq48 }: Sealing): Uint8Array {
  return new ByteWriter(12).u48(0).u48(seq48).finish()
}
