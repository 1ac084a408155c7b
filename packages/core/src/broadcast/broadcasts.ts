// What an app says to all, and hears: numbered and spread by routing, wrapped as messages are; with receipts, under topics, or to
// neighbours alone.

import { utf8Length } from '../bytes/utf8-length.ts'
import { GuardedEvents } from '../async/guarded-events.ts'
import { checkSignal, closedError } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { checkOptions } from '../errors/known-options.ts'
import type { Address } from '../identity/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { broadcastBytesMax, decodeMessage, encodeMessage, type MessageBody, type MessagePart } from '../messages/message-codec.ts'
import type { SentToSeveral } from '../messages/message.ts'
import type { Messages } from '../messages/messages.ts'
import type { Router } from '../routing/router.ts'
import type { Arrival } from '../routing/routing-types.ts'
import { answering } from '../calls/packet-answers.ts'
import type { Requests } from '../calls/requests.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import type { DecodedPacket } from '../wire/packet.ts'
import { awaitedMax, topicNameBytesMax, topicsMax } from './broadcast-limits.ts'
import { ReceiptBook, receiptService, type BroadcastReceipts } from './broadcast-receipts.ts'
import { DeliveredBroadcasts } from './delivered-broadcasts.ts'
import { GivenReceipts } from './given-receipts.ts'
import { Topic, type TopicEvents } from './topic.ts'

export const broadcastService = '$mesh.broadcast'
/** Answers with what the clock here shows: u48, milliseconds since 1970. */
export const clockService = '$mesh.clock'
const clockTimeoutMs = 5_000

/** How a broadcast is said. */
export interface BroadcastOptions {
  /** Whoever has it says so. Default false. */
  readonly receipts?: boolean | undefined
  /** Others keep it for those who are away: 10 minutes, 1 000 broadcasts or 4 MiB of the network. Default true; without, whoever is late has lost it. */
  readonly retain?: boolean | undefined
  /** Ends the wait for receipts. */
  readonly signal?: AbortSignal | undefined
}

export const broadcastOptions: readonly string[] = ['receipts', 'retain', 'signal'] satisfies (keyof BroadcastOptions)[]

/** A broadcast that has left; `id` is known to everybody who hears it. */
export interface Said {
  readonly id: string
}

/** With receipts. */
export interface SaidWithReceipts extends Said, BroadcastReceipts {}

/** What a broadcast settles with, by its options. */
export type SaidAs<O extends BroadcastOptions> = O extends { readonly receipts: true } ? SaidWithReceipts : Said

/** A whisper, and what became of it at each neighbour. */
export interface Whispered extends Said {
  /** By address of the neighbours; empty when there are none. */
  readonly outcomes: SentToSeveral
}

export interface BroadcastsOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  readonly messages: Pick<Messages, 'compose' | 'hand' | 'sendToSeveral'>
  readonly requests: Requests
  report(error: MeshError): void
}

interface Spoken extends BroadcastOptions {
  readonly inReplyTo?: string | undefined
  readonly topic?: string | undefined
}

export class Broadcasts {
  readonly #options: BroadcastsOptions
  readonly #book: ReceiptBook
  readonly #given: GivenReceipts
  /** By the events of each that is open, its name. */
  readonly #topics = new Map<GuardedEvents<TopicEvents>, string>()
  #delivered: DeliveredBroadcasts | undefined
  #router: Router | undefined
  #closed = false

  constructor(options: BroadcastsOptions) {
    this.#options = options
    this.#book = new ReceiptBook(options.clock)
    this.#given = new GivenReceipts(options.clock, options.dice)
  }

  /** Before anybody can say anything. `store`: what was delivered is remembered in it. */
  async recall(router: Router, store: Store | undefined): Promise<void> {
    this.#delivered = store && new DeliveredBroadcasts(this.#options.clock, store, router)
    await this.#delivered?.recall()
    this.#given.recall(router.deliveredBroadcasts())
  }

  attach(router: Router): void {
    this.#router = router
    this.#book.attach(router)
    router.registerService(
      broadcastService,
      (packet, arrival) => {
        if (arrival.broadcast) this.#hear(router, packet, arrival)
      },
      { plain: false },
    )
    const { clock, log, requests } = this.#options
    const time = answering(router, () => new ByteWriter(6).u48(Math.max(0, Math.floor(clock.wallTime()))).finish(), log)
    router.registerService(clockService, time, { plain: false })
    router.askClocks(async (address) => {
      const { bytes } = await requests.send(router, {
        targets: [address],
        service: clockService,
        bytes: new Uint8Array(0),
        timeoutMs: clockTimeoutMs,
      })
      const reader = new ByteReader(bytes)
      const theirs = reader.u48()
      return reader.failed ? undefined : theirs
    })
    router.registerService(
      receiptService,
      ({ data, srcAddr }, { broadcast }) => {
        if (broadcast || !data || !srcAddr) return
        const reader = new ByteReader(data)
        const life = { origin: srcAddr, epoch: reader.u32(), fleeting: reader.u8() === 1 }
        if (!reader.failed) this.#given.asked(router, life)
      },
      { plain: false },
    )
  }

  async broadcast<O extends Spoken>(parts: readonly MessagePart[], options: O): Promise<SaidAs<O>> {
    const { log, messages } = this.#options
    const { receipts = false, retain = true, signal, inReplyTo, topic } = options
    checkSignal(signal)
    if (signal?.aborted) throw new MeshError('ABORTED', 'the broadcast was aborted', { cause: signal.reason })
    const router = this.#router
    if (!router || this.#closed) throw closedError()
    if (receipts && this.#book.full) throw new MeshError('QUEUE_FULL', `the receipts of ${awaitedMax} broadcasts are awaited already`)
    const body: MessageBody = { ...messages.compose(parts), inReplyTo, topic, receipts }
    const data = encodeMessage(body, broadcastBytesMax)
    if (log.level >= 5) log.write(5, 'broadcast', `${body.id} to everybody, ${parts.length} parts`)
    const said = await router.say({ service: broadcastService, data }, { retain })
    if (said instanceof MeshError) throw said
    return { id: body.id, ...(receipts ? this.#book.open(said, signal) : undefined) } as SaidAs<O>
  }

  /** To the members at the other end of this node's own links, each sealed for it alone. */
  async whisper(parts: readonly MessagePart[]): Promise<Whispered> {
    const router = this.#router
    if (!router || this.#closed) throw closedError()
    const neighbours = new Set(router.links().flatMap(({ peer }) => (peer?.kind === 'member' ? [peer.address] : [])))
    return this.#options.messages.sendToSeveral([...neighbours], parts, { ttlMs: 0 })
  }

  /** `say`: how its broadcasts leave. Throws INVALID_OPTION, QUEUE_FULL. */
  topic<O extends BroadcastOptions>(
    name: string,
    options: O,
    say: (parts: readonly MessagePart[], spoken: O & { readonly topic: string }) => Promise<SaidAs<O>>,
  ): Topic<SaidAs<O>> {
    checkOptions(options, broadcastOptions)
    checkSignal(options.signal)
    const bytes = typeof name === 'string' ? utf8Length(name) : 0
    if (bytes === 0 || bytes > topicNameBytesMax)
      throw new MeshError('INVALID_OPTION', `the name of a topic takes 1 … ${topicNameBytesMax} bytes, not ${bytes}`)
    if (this.#topics.size >= topicsMax) throw new MeshError('QUEUE_FULL', `${topicsMax} topics are open already`)
    const events = new GuardedEvents<TopicEvents>((error) => this.#options.report(error))
    const close = (): void => {
      options.signal?.removeEventListener('abort', close)
      events.clear()
      this.#topics.delete(events)
    }
    this.#topics.set(events, name)
    if (options.signal?.aborted || this.#closed) close()
    else options.signal?.addEventListener('abort', close)
    return new Topic(name, { events, broadcast: (parts) => say(parts, { ...options, topic: name }), closed: close })
  }

  close(): void {
    this.#delivered?.close()
    this.#closed = true
    this.#book.close()
    this.#given.close()
    for (const events of this.#topics.keys()) events.clear()
    this.#topics.clear()
  }

  #hear(router: Router, { data, srcAddr }: DecodedPacket, arrival: Arrival): void {
    const body = data && decodeMessage(data)
    if (!body) throw new MeshError('WIRE_FAULT', 'the broadcast cannot be read')
    const hand = (): void => this.#hand(router, body, (srcAddr ?? '') as Address, { ...arrival, size: data.length })
    // What is fleeting never comes again.
    if (this.#delivered && arrival.said?.fleeting === false) this.#delivered.keepBefore(hand)
    else hand()
  }

  #hand(router: Router, body: MessageBody, from: Address, arrival: Arrival & { readonly size: number }): void {
    const topics = body.topic === undefined ? undefined : [...this.#topics].filter(([, name]) => name === body.topic)
    this.#options.messages.hand(
      body,
      from,
      arrival,
      topics &&
        ((message) => {
          for (const [events] of topics) events.emit('message', message)
        }),
    )
    // Who hears it may close the mesh.
    if (body.receipts === true && arrival.said && !this.#closed) this.#given.delivered(router, arrival.said)
  }
}
