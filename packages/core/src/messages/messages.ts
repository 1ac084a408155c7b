// Messages between members: what goes out is a letter until it is delivered, what comes in is taken once.

import { run, wait, type Steps } from '../async/awaitable.ts'
import { checkSignal, closedError, handled, timeoutFault, type OperationOptions, type Operations } from '../async/operations.ts'
import { hexOf } from '../bytes/hex-of.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { isMemberAddress, isMemberForm, whoPart, type Address } from '../identity/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Compression } from '../ports/compression.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import type { Router } from '../routing/router.ts'
import type { Arrival } from '../routing/routing-types.ts'
import { answering } from '../calls/packet-answers.ts'
import { requestTimeoutMs, type Requests } from '../calls/requests.ts'
import type { DecodedPacket } from '../wire/packet.ts'
import { Inbox } from './inbox.ts'
import { letterTtlMsMax } from './letter.ts'
import { decodeMessage, encodeMessage, messageIdBytes, recipientsMax, type MessageBody, type MessagePart } from './message-codec.ts'
import { Message, type Delivery, type RepliedAll, type Sent, type SentToSeveral } from './message.ts'
import { MessageStore } from './message-store.ts'
import { Neighbour } from './neighbour.ts'
import { PostOffice, type Draft, type PostOptions, type Recipient } from './post-office.ts'
import { unsqueeze } from './squeezed-message.ts'
import { TakenMessages } from './taken-messages.ts'

export const messageService = '$mesh.message'

export interface MessagesOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  readonly compression?: Compression | undefined
  readonly operations: Operations
  readonly requests: Requests
  /** The address that a display name means. */
  resolve(target: string, options: OperationOptions): Promise<string>
  /** Addresses of a `who` that routing was not told of. Never rejects. */
  far(who: string): Promise<readonly string[]>
  /** To everybody. */
  broadcast(
    parts: readonly MessagePart[],
    about: { readonly inReplyTo: string; readonly topic: string | undefined },
  ): Promise<{ readonly id: string }>
  /** A message that no handler took. */
  arrived(message: Message): void
  /** What became of a stored one. */
  delivery(delivery: Delivery): void
  /** What is kept ends with this process from now on. Called once at most. */
  storeFailed(error: MeshError): void
  report(error: MeshError): void
}

export interface SendOptions extends PostOptions {
  /** The id of the message that this one answers. */
  readonly inReplyTo?: string | undefined
}

export class Messages {
  readonly inbox: Inbox
  readonly outbox: PostOffice
  readonly #options: MessagesOptions
  readonly #taken: TakenMessages
  #router: Router | undefined
  #closed = false

  constructor(options: MessagesOptions) {
    const { clock, dice, compression, operations, requests } = options
    this.#options = options
    this.inbox = new Inbox({ clock, emit: (message) => options.arrived(message), report: (error) => options.report(error) })
    this.#taken = new TakenMessages(clock)
    this.outbox = new PostOffice({
      clock,
      dice,
      compression,
      operations,
      requests,
      service: messageService,
      far: (who) => options.far(who),
      delivery: (delivery) => options.delivery(delivery),
    })
  }

  /** What it returns is over when the letters of the process before are known; undefined: there are none. */
  attach(router: Router, store: Store | undefined): Promise<void> | undefined {
    this.#router = router
    const { log, storeFailed } = this.#options
    const take = (packet: DecodedPacket, arrival: Arrival): Promise<void> | void => {
      // A plain node has no way to say a member's words: what comes from one is not ours.
      if (arrival.plain || arrival.broadcast) return
      return Promise.resolve(answering(router, (request) => this.#take(request.bytes, packet, arrival), log)(packet, arrival))
    }
    router.registerService(messageService, take, { plain: false })
    const kept = store && new MessageStore(store, storeFailed)
    this.#taken.attach(kept)
    return this.outbox.attach(router, kept)
  }

  /** To one as `send`, to a list as `sendToSeveral`. */
  async sendTo(
    target: string | readonly string[],
    parts: readonly MessagePart[],
    options: SendOptions = {},
  ): Promise<Sent | SentToSeveral> {
    return typeof target === 'string' ? this.send(target, parts, options) : (await this.sendToSeveral(target, parts, options)).outcomes
  }

  /** Resolves when the library of that member has it, or when it is stored. */
  async send(target: string, parts: readonly MessagePart[], options: SendOptions = {}): Promise<Sent> {
    const draft = this.#draft(parts, options)
    return this.outbox.post(draft, await this.#recipient(target, options), options)
  }

  /** One message to each, told apart by the targets as they were given. */
  async sendToSeveral(targets: readonly string[], parts: readonly MessagePart[], options: SendOptions = {}): Promise<RepliedAll> {
    if (!Array.isArray(targets)) throw new MeshError('INVALID_OPTION', 'a target is an address or a name, or a list of them')
    if (targets.length > recipientsMax)
      throw new MeshError('INVALID_OPTION', `a message goes to ${recipientsMax} at most, not to ${targets.length}`)
    checkSendOptions(options)
    const known = new Map<string, Recipient>()
    const found = targets.map(async (target) => {
      const recipient = await this.#recipient(target, options)
      known.set(target, recipient)
      return recipient
    })
    for (const one of found) one.catch(() => {})
    // Who can be found at all is found by now, and stands in the message.
    await new Promise<void>((resolve) => void this.#options.clock.setTimer(1, resolve))
    const draft = this.#draft(
      parts,
      options,
      Array.from(known.values(), ({ who, address }) => address ?? who),
    )
    const posted = new Map<string, Promise<Sent>>()
    const outcomes = await Promise.allSettled(
      found.map(async (finding) => {
        const recipient = await finding
        const sent = posted.get(recipient.who) ?? this.outbox.post(draft, recipient, options)
        posted.set(recipient.who, sent)
        return sent
      }),
    )
    return { id: draft.id, outcomes: new Map(targets.map((target, index) => [target, outcomes[index] as PromiseSettledResult<Sent>])) }
  }

  /** A new message, to whomever it goes. */
  compose(parts: readonly MessagePart[]): MessageBody {
    const { clock, dice } = this.#options
    return { id: hexOf(dice.bytes(messageIdBytes)), sentAt: Math.max(0, Math.floor(clock.wallTime())), parts }
  }

  close(): void {
    this.#closed = true
    this.inbox.close()
    this.outbox.close()
    this.#router = undefined
  }

  /** The member that a target means, also one that cannot be reached now: an address or `who` says who it is, a name does not. */
  async #recipient(target: string, options: SendOptions): Promise<Recipient> {
    checkSendOptions(options)
    const named = typeof target !== 'string' || !isMemberForm(target)
    if (!named && this.#router?.destination(target)?.kind === 'relay')
      throw new MeshError('NOT_A_MEMBER', `'${target}' is a relay, not a member`)
    const { signal, timeoutMs = requestTimeoutMs } = options
    const address = named ? await this.#options.resolve(target, { signal, timeoutMs }) : target
    return { who: whoPart(address), address: isMemberAddress(address) ? address : undefined }
  }

  #draft(parts: readonly MessagePart[], { inReplyTo }: SendOptions, to: readonly string[] = []): Draft {
    if (!this.#router) throw new MeshError('NOT_READY', 'the mesh is not ready')
    const body: MessageBody = { ...this.compose(parts), inReplyTo, to: to.length > 1 ? to : [] }
    this.#log(`message ${body.id}`, parts)
    return { id: body.id, sentAt: body.sentAt, bytes: encodeMessage(body) }
  }

  #log(what: string, parts: readonly MessagePart[]): void {
    const { log } = this.#options
    if (log.level >= 5) log.write(5, 'messages', `${what}, ${parts.length} parts`)
  }

  #take(bytes: Uint8Array, packet: DecodedPacket, arrival: Arrival): Awaitable<undefined> {
    return run(this.#takeSteps(bytes, packet, arrival))
  }

  /** A message that comes again is answered all the same: the answer may have been lost. */
  *#takeSteps(bytes: Uint8Array, packet: DecodedPacket, arrival: Arrival): Steps<undefined> {
    const message = yield* wait(unsqueeze(bytes, this.#options.compression))
    const body = message && decodeMessage(message)
    const from = packet.srcAddr ?? ''
    if (!body) throw new MeshError('WIRE_FAULT', 'the message cannot be read')
    if (this.#closed) throw closedError()
    if (!(yield* wait(this.#taken.add(whoPart(from), body.id)))) return undefined
    if (this.#closed) {
      this.#taken.release(whoPart(from), body.id)
      throw closedError()
    }
    this.hand(body, from as Address, { ...arrival, size: message.length })
    return undefined
  }

  /** What arrived becomes a message, and goes to the inbox, or to `take`. */
  hand(body: MessageBody, from: Address, arrival: Arrival & { readonly size: number }, take?: (message: Message) => void): void {
    const { verified, broadcast, hops, size } = arrival
    const via = arrival.via as Address
    const message: Message = new Message(body, {
      from,
      via,
      hops,
      verified,
      broadcast,
      size,
      reply: (parts) => handled(this.send(from, parts, { inReplyTo: body.id })),
      replyAll: (parts) => handled(this.#replyAll(message, parts)),
      forward: (target, parts) => handled(this.send(target, parts)),
    })
    this.#log(`${broadcast ? 'broadcast' : 'message'} ${body.id} from ${from}`, body.parts)
    if (take) return take(message)
    this.inbox.put(message, new Neighbour(via, (parts) => handled(this.send(via, parts, { inReplyTo: body.id }))))
  }

  async #replyAll({ id, from, to, broadcast, topic }: Message, parts: readonly MessagePart[]): Promise<RepliedAll> {
    if (broadcast) return { ...(await this.#options.broadcast(parts, { inReplyTo: id, topic })), outcomes: new Map() }
    const own = whoPart(this.#router?.address ?? '')
    const others = new Map([from, ...to].map((address) => [whoPart(address), address]))
    others.delete(own)
    return this.sendToSeveral([...others.values()], parts, { inReplyTo: id })
  }
}

function checkSendOptions({ ttlMs, timeoutMs, signal }: SendOptions): void {
  checkSignal(signal)
  const fault = timeoutMs === undefined ? undefined : timeoutFault(timeoutMs)
  if (fault) throw fault
  if (ttlMs !== undefined && !(typeof ttlMs === 'number' && ttlMs >= 0 && ttlMs <= letterTtlMsMax)) {
    throw new MeshError('INVALID_OPTION', `ttlMs must be a number of milliseconds from 0 to ${letterTtlMsMax}, not ${String(ttlMs)}`)
  }
}
