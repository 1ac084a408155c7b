import type { Address } from '../identity/address.ts'
import type { MessageBody, MessagePart } from './message-codec.ts'

/** What a sent message settles with. */
export type Sent =
  | {
      readonly id: string
      /** The other member's library has it. */
      readonly state: 'delivered'
    }
  | {
      readonly id: string
      /** It waits here, and is delivered once when the other member is back within its time to live: the event `delivery` tells. */
      readonly state: 'stored'
      /** It waits also beyond the end of this process: the identity is persistent, and its storage took it. */
      readonly durable: boolean
    }

/** What became of a message to several, by the targets as they were given. */
export type SentToSeveral = Map<string, PromiseSettledResult<Sent>>

/** What became later of a message that was stored. */
export interface Delivery {
  readonly id: string
  /** The member that it is for: its `who`. */
  readonly to: string
  /** `expired`: its time to live is over. `failed`: it was refused there. */
  readonly state: 'delivered' | 'expired' | 'failed'
}

/** A message to several, as `replyAll` tells of it: one id, and what became of it at each. */
export interface RepliedAll {
  readonly id: string
  /** By the targets as they were given; empty for the answer to a broadcast, which is a broadcast. */
  readonly outcomes: SentToSeveral
}

export interface MessageOrigin {
  readonly from: Address
  readonly via: Address
  readonly hops: number
  readonly verified: boolean
  readonly broadcast: boolean
  readonly size: number
  reply(parts: readonly MessagePart[]): Promise<Sent>
  replyAll(parts: readonly MessagePart[]): Promise<RepliedAll>
  forward(target: string, parts: readonly MessagePart[]): Promise<Sent>
}

/** A message that arrived. */
export class Message {
  /** As they were given to `send` or `broadcast`. */
  readonly parts: readonly MessagePart[]
  readonly from: Address
  /** Whom it went to besides, when it was sent to several: a claim of the sender. */
  readonly to: readonly Address[]
  /** The neighbour that handed it over. */
  readonly via: Address
  /** Links that it crossed. */
  readonly hops: number
  readonly id: string
  /** Milliseconds since 1970, by the sender's clock: a claim. */
  readonly sentAt: number
  /** The id of the message that this one answers; undefined when it is none. */
  readonly inReplyTo: string | undefined
  /** Bytes of it, with its envelope. */
  readonly size: number
  /** It is proven that `from` said this. */
  readonly verified: boolean
  readonly broadcast: boolean
  /** Of a broadcast under a topic. */
  readonly topic: string | undefined
  readonly #origin: MessageOrigin

  constructor(body: MessageBody, origin: MessageOrigin) {
    this.parts = body.parts
    this.to = (body.to ?? []) as readonly Address[]
    this.from = origin.from
    this.via = origin.via
    this.hops = origin.hops
    this.id = body.id
    this.sentAt = body.sentAt
    this.inReplyTo = body.inReplyTo
    this.verified = origin.verified
    this.broadcast = origin.broadcast
    this.size = origin.size
    this.topic = body.topic
    this.#origin = origin
  }

  /** A message to the sender alone, at any distance, marked with `inReplyTo`. Settles as `send` does. */
  reply(...parts: MessagePart[]): Promise<Sent> {
    return this.#origin.reply(parts)
  }

  /** To everybody who got this: a broadcast for a broadcast, else a message to the sender and to the others in `to`. */
  replyAll(...parts: MessagePart[]): Promise<RepliedAll> {
    return this.#origin.replyAll(parts)
  }

  /** The same parts to somebody else, as a message of one's own. Settles as `send` does. */
  forward(target: string): Promise<Sent> {
    return this.#origin.forward(target, this.parts)
  }
}
