import { isMemberForm } from '../identity/address.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { isMessageId } from './message-codec.ts'

/** How long a message waits for a member that is away, unless told otherwise; also the longest that can be told. */
export const letterTtlMsMax = 604_800_000
const scope = 'outbox/'
const version = 1

/** A message on its way to one member, from `send` until it is delivered, refused or expired. */
export interface Letter {
  readonly id: string
  /** The member; whichever of its tabs is there takes it. */
  readonly who: string
  /** The tab that it was for, which is asked first. */
  readonly address: string | undefined
  /** The encoded message. */
  readonly bytes: Uint8Array
  /** Milliseconds since 1970. */
  readonly sentAt: number
  readonly expiresAt: number
  /** Those of one sender leave in this order. */
  readonly order: number
}

/** Where it stands in a store, and in tables. */
export function letterKey({ who, id }: Pick<Letter, 'who' | 'id'>): string {
  return `${scope}${who}/${id}`
}

export const letterScope: string = scope

export function encodeLetter({ address = '', bytes, sentAt, expiresAt, order }: Letter): Uint8Array {
  return new ByteWriter(bytes.length + 64).u8(version).u48(sentAt).u48(expiresAt).u48(order).string(address).bytes(bytes).finish()
}

/** Undefined for anything that `encodeLetter` did not write, or that stands in another place than its own. */
export function decodeLetter(key: string, value: Uint8Array): Letter | undefined {
  const [place, who = '', id = ''] = key.split('/')
  const reader = new ByteReader(value)
  if (`${place}/` !== scope || !isMemberForm(who) || !isMessageId(id) || reader.u8() !== version) return undefined
  const sentAt = reader.u48()
  const expiresAt = reader.u48()
  const order = reader.u48()
  const address = reader.string()
  const bytes = reader.rest().slice()
  return reader.failed ? undefined : { id, who, address: address === '' ? undefined : address, bytes, sentAt, expiresAt, order }
}
