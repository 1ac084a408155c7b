import { MeshError } from '../errors/mesh-error.ts'
import type { Address } from '../identity/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import { checkSignal } from '../async/operations.ts'
import type { Router } from '../routing/router.ts'
import { Seen } from '../routing/seen.ts'
import type { Arrival } from '../routing/routing-types.ts'
import { answering } from '../services/answers.ts'
import type { Requests } from '../services/requests.ts'
import type { DecodedPacket } from '../wire/packet.ts'
import { decodeMessage, encodeMessage, hexOf, type MessageBody, type MessagePart } from './message-codec.ts'
import { MessageCursor } from './message-cursor.ts'
import { Message, type Sent } from './message.ts'

export const messageService = '$mesh.message'
export const broadcastService = '$mesh.broadcast'
/** Open `for await` loops over the inbox of one mesh. */
const cursorsMax = 64
/** Far more than what is on its way at one time: a message repeated after half as many others would be taken again. */
const messagesSeenMax = 16_384

export interface MessagesOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  readonly requests: Requests
  /** A message arrived for the first time. */
  arrived(message: Message): void
}

export interface SendOptions {
  /** The id of the message that this one answers. */
  readonly inReplyTo?: string | undefined
  readonly timeoutMs?: number | undefined
}

/** Messages between members: each is taken once by (sender, id), and answered by the library, not by the app. */
export class Messages {
  readonly #options: MessagesOptions
  readonly #seen = new Seen(messagesSeenMax)
  readonly #cursors = new Set<MessageCursor>()
  #router: Router | undefined
  #closed = false

  constructor(options: MessagesOptions) {
    this.#options = options
  }

  attach(router: Router): void {
    this.#router = router
    const { log } = this.#options
    const message = (packet: DecodedPacket, arrival: Arrival): Promise<void> | void => {
      // A plain node has no way to say a member's words: what comes from one is not ours.
      if (arrival.plain) return
      const take = answering(router, (request) => this.#take(request.bytes, packet, arrival), log)
      return take(packet, arrival)
    }
    router.registerService(messageService, message, { plain: false })
    router.registerService(
      broadcastService,
      (packet, arrival) => {
        if (!arrival.plain && arrival.broadcast && packet.data) this.#take(packet.data, packet, arrival)
      },
      { plain: false },
    )
  }

  /** Resolves when the library at `address` has it. */
  async send(address: string, parts: readonly MessagePart[], options: SendOptions = {}): Promise<Sent> {
    const router = this.#router
    if (!router) throw new MeshError('NOT_READY', 'the mesh is not ready')
    const body = this.#body(parts, options.inReplyTo)
    const bytes = encodeMessage(body)
    this.#logSent(`message ${body.id} to ${address}`, parts)
    await this.#options.requests.send(router, { targets: [address], service: messageService, bytes, timeoutMs: options.timeoutMs })
    return { id: body.id, state: 'delivered' }
  }

  /** To everybody that can be reached, but not to oneself. */
  async broadcast(parts: readonly MessagePart[]): Promise<{ readonly id: string }> {
    const body = this.#body(parts)
    const data = encodeMessage(body)
    this.#logSent(`broadcast ${body.id} to everybody`, parts)
    const error = await this.#router?.flood({ service: broadcastService, data })
    if (error) throw error
    return { id: body.id }
  }

  cursor(signal: AbortSignal | undefined): MessageCursor {
    checkSignal(signal)
    if (this.#cursors.size >= cursorsMax) throw new MeshError('QUEUE_FULL', `${cursorsMax} loops over mesh.messages() are open already`)
    const end = (): void => cursor.end()
    const cursor = new MessageCursor(() => {
      this.#cursors.delete(cursor)
      signal?.removeEventListener('abort', end)
    })
    this.#cursors.add(cursor)
    if (this.#closed || signal?.aborted) cursor.end()
    else signal?.addEventListener('abort', end)
    return cursor
  }

  close(): void {
    this.#closed = true
    for (const cursor of [...this.#cursors]) cursor.end()
    this.#router = undefined
  }

  #body(parts: readonly MessagePart[], inReplyTo?: string): MessageBody {
    const { clock, dice } = this.#options
    return { id: hexOf(dice.bytes(16)), sentAt: Math.max(0, Math.floor(clock.wallTime())), inReplyTo, parts }
  }

  #logSent(what: string, parts: readonly MessagePart[]): void {
    const { log } = this.#options
    if (log.level >= 5) log.write(5, 'messages', `${what}, ${parts.length} parts`)
  }

  #take(bytes: Uint8Array, packet: DecodedPacket, arrival: Arrival): undefined {
    const body = decodeMessage(bytes)
    const from = packet.srcAddr ?? ''
    if (!body) throw new MeshError('WIRE_FAULT', 'the message cannot be read')
    // Answered all the same: it may be repeated because the answer was lost.
    if (this.#closed || !this.#seen.add(`${from} ${body.id}`)) return
    const message = new Message(body, {
      from: from as Address,
      via: arrival.via as Address,
      hops: arrival.hops,
      verified: arrival.verified,
      broadcast: arrival.broadcast,
      reply: (parts) => this.#reply(from, parts, body.id),
    })
    const { log } = this.#options
    if (log.level >= 5)
      log.write(5, 'messages', `${message.broadcast ? 'broadcast' : 'message'} ${body.id} from ${from}, ${body.parts.length} parts`)
    for (const cursor of [...this.#cursors]) cursor.push(message)
    this.#options.arrived(message)
  }

  #reply(from: string, parts: readonly MessagePart[], inReplyTo: string): Promise<Sent> {
    const sent = this.send(from, parts, { inReplyTo })
    sent.catch(() => {})
    return sent
  }
}
