import type { Address } from '../identity/address.ts'
import type { MessageBody, MessagePart } from './message-codec.ts'

/** What a sent message settles with. */
export interface Sent {
  readonly id: string
  /** The other member's library has it. */
  readonly state: 'delivered'
}

export interface MessageOrigin {
  readonly from: Address
  readonly via: Address
  readonly hops: number
  readonly verified: boolean
  readonly broadcast: boolean
  reply(parts: readonly MessagePart[]): Promise<Sent>
}

/** A message that arrived. */
export class Message {
  /** Text and bytes, as they were given to `send` or `broadcast`. */
  readonly parts: readonly MessagePart[]
  readonly from: Address
  /** The neighbour that handed it over. */
  readonly via: Address
  /** Links that it crossed. */
  readonly hops: number
  readonly id: string
  /** Milliseconds since 1970, by the sender's clock: a claim. */
  readonly sentAt: number
  /** The id of the message that this one answers; undefined when it is none. */
  readonly inReplyTo: string | undefined
  /** The sender proved its address on a link of ours. */
  readonly verified: boolean
  readonly broadcast: boolean
  readonly #reply: (parts: readonly MessagePart[]) => Promise<Sent>

  constructor(body: MessageBody, origin: MessageOrigin) {
    this.parts = body.parts
    this.from = origin.from
    this.via = origin.via
    this.hops = origin.hops
    this.id = body.id
    this.sentAt = body.sentAt
    this.inReplyTo = body.inReplyTo
    this.verified = origin.verified
    this.broadcast = origin.broadcast
    this.#reply = (parts) => origin.reply(parts)
  }

  /** A message to the sender alone, marked with `inReplyTo`. */
  reply(...parts: MessagePart[]): Promise<Sent> {
    return this.#reply(parts)
  }
}
