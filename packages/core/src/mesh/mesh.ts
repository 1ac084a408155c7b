import { checkOptions, optionsFault } from '../errors/known-options.ts'
import type { DevicePairing } from '../devices/device-pairing.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Functions } from '../functions/function-room.ts'
import type { FunctionContextOf, RemoteFunctions, RemoteFunctionsOfEach, UnknownFunctions } from '../functions/function-types.ts'
import type { Address } from '../identity/address.ts'
import type { Peer } from '../membership/peer.ts'
import type { Outcomes, SeveralTargets } from '../membership/targets.ts'
import type { MessageCursor } from '../messages/message-cursor.ts'
import type { MessagePart } from '../messages/message-codec.ts'
import type { MessageHandler } from '../messages/handler-chain.ts'
import type { Message, Sent, SentToSeveral } from '../messages/message.ts'
import type { MessageOutbox } from '../messages/post-office.ts'
import type { BroadcastOptions, Said, SaidAs, Whispered } from '../broadcast/broadcasts.ts'
import type { Topic } from '../broadcast/topic.ts'
import type { Listener, ListenOptions } from '../async/guarded-events.ts'
import { handled, refusedOptions, type OperationOptions } from '../async/operations.ts'
import type { Health } from '../introspection/health.ts'
import type { InspectOptions, Inspection, InspectQuestion } from '../introspection/inspect-options.ts'
import { topologyOf, type Topology } from '../introspection/topology.ts'
import type { Trace } from '../introspection/trace.ts'
import type { Router } from '../routing/router.ts'
import type { BodyInput } from '../calls/body.ts'
import type { AllReplies } from '../services/all-replies.ts'
import { failedReplies, type CallReplies } from '../calls/call-replies.ts'
import { callAllOptions, callOptions, type CallAllOptions, type CallOptions } from '../services/service-calls.ts'
import type { PingResult } from '../introspection/ping.ts'
import type { Reply } from '../calls/requests.ts'
import type { Services } from '../services/service-registry.ts'
import type { StreamSource } from '../streams/stream-source.ts'
import { streamOptions, type StreamOptions } from '../streams/stream-options.ts'
import type { Streams } from '../streams/stream-room.ts'
import { connectDirectly } from './connect-directly.ts'
import { inspectNode, pingNode, traceNode } from './diagnostics.ts'
import { meshEventNames, type MeshEvents, type MeshWarning } from './mesh-events.ts'
import type { Healed } from './healing.ts'
import type { MeshRooms } from './mesh-rooms.ts'
import { Verbs, type VerbOptions } from './verbs.ts'
import { openStreams, type StreamAnswer } from './open-streams.ts'
import type { Relays } from './relay-links.ts'
import { remoteFunctions } from './remote-functions.ts'

/**
 * One node of a mesh, as an app sees it. Everything that waits returns a promise that always settles: with a value or
 * with a `MeshError`, of which `code` is the part to match. After `close` it is CLOSED.
 */
export class Mesh {
  /** Resolves when the identity is loaded; not yet online. Rejects when it cannot be loaded, or CLOSED. */
  readonly ready: Promise<void>
  readonly services: Services
  readonly functions: Functions<FunctionContextOf<Mesh>>
  /** What streams others may open here; `stream` opens one there. */
  readonly streams: Streams<Mesh>
  readonly relays: Relays
  /**
   * Who is here: a live map of snapshots. At most 500 rows; beyond, `peer(address)` still answers for whoever can be
   * reached. Somebody who left stays 30 s as `unreachable`.
   */
  readonly peers: ReadonlyMap<Address, Peer>
  /** Devices over Bluetooth LE, paired from a click in a web page. */
  readonly bluetooth: DevicePairing
  /** Devices over a serial port (USB), paired from a click in a web page. */
  readonly serial: DevicePairing
  /** Messages that wait for members that are away. */
  readonly outbox: MessageOutbox
  readonly #rooms: MeshRooms

  /** Use `createMesh` or `joinMesh`. */
  constructor(rooms: MeshRooms) {
    this.#rooms = rooms
    rooms.mesh = this as never
    this.ready = handled(rooms.start())
    this.services = rooms.services
    this.functions = rooms.functions
    this.streams = rooms.streams
    this.relays = rooms.relays
    this.peers = rooms.peers
    this.bluetooth = rooms.bluetooth
    this.serial = rooms.serial
    this.outbox = rooms.messages.outbox
  }

  /** `who.tab`: where this node is. Throws NOT_READY before `ready`. */
  get address(): Address {
    return this.router.address as Address
  }

  /** The part of the address that stays with the key. Throws NOT_READY before `ready`. */
  get who(): string {
    return this.#rooms.started.who
  }

  /** The ALN level: packets, channels, contexts. Throws NOT_READY before `ready`. */
  get router(): Router {
    return this.#rooms.started.router
  }

  /** The name of the network. */
  get network(): string {
    return this.#rooms.settings.network
  }

  /** One's own display name; '' without one. */
  get name(): string {
    return this.#rooms.settings.name
  }

  /** A link is up, to a relay or to anybody else. */
  get online(): boolean {
    return this.#rooms.online
  }

  /** The last 20 warnings, oldest first, also those that nobody listened to. */
  get warnings(): readonly MeshWarning[] {
    return this.#rooms.reports.warnings.list()
  }

  /** A snapshot of one peer; undefined when it is not known, or gone. */
  peer(address: string): Peer | undefined {
    return this.#rooms.peers.peer(address)
  }

  /** Calls `listener` at each event; returns the function that unsubscribes. What it throws becomes an `error` event. Throws INVALID_OPTION. */
  on<K extends keyof MeshEvents>(event: K, listener: Listener<MeshEvents[K]>, options?: ListenOptions): () => void {
    if (!meshEventNames.includes(event)) {
      throw new MeshError('INVALID_OPTION', `there is no event '${event}'; there are ${meshEventNames.join(', ')}`)
    }
    const unsubscribe = this.#rooms.reports.events.on(event, listener, options)
    if (event === 'warning') this.#rooms.reports.warnings.listenerAdded()
    return unsubscribe
  }

  once<K extends keyof MeshEvents>(event: K, listener: Listener<MeshEvents[K]>, options?: ListenOptions): () => void {
    return this.on(event, listener, { ...options, once: true })
  }

  off<K extends keyof MeshEvents>(event: K, listener: Listener<MeshEvents[K]>): void {
    this.#rooms.reports.events.off(event, listener)
  }

  /**
   * A request to one provider of a service: a local one first, then the least load, then the nearest, or as `select` says. Sent at once.
   * `await` gives the first answer and cancels the rest; `for await` gives one after another. At most one execution, by one provider;
   * with `idempotent` others are asked when one does not answer. Rejects with NO_SERVICE at once, TIMEOUT (no first answer within
   * 10 000 ms), OUTCOME_UNKNOWN (the provider is gone and may have executed it), ABORTED, TOO_LARGE (16 MiB; 4 000 bytes toward a
   * plain node), or REMOTE_ERROR whose `cause` is what the handler threw.
   */
  call(service: string, body?: BodyInput, options: CallOptions = {}): CallReplies<Reply> {
    const fault = optionsFault(options, callOptions)
    return fault ? failedReplies(fault) : this.#rooms.serviceCalls.call(service, body, options)
  }

  /**
   * The same request to every provider, a local one included, for a loop: `for await (const { from, reply, error } of mesh.callAll('ping'))`.
   * Whoever fails is an entry with `error`. The loop throws NO_SERVICE when there is nobody to ask.
   */
  callAll(service: string, body?: BodyInput, options: CallAllOptions = {}): AllReplies {
    checkOptions(options, callAllOptions)
    return this.#rooms.serviceCalls.callAll(service, body, options)
  }

  /**
   * The functions that a member has registered, to be called by name: `await mesh.to<Api>('ada').add(1, 2)`. The target is an address,
   * a `who` or an exact display name. Rejects with NO_FUNCTION, UNKNOWN_NAME, AMBIGUOUS_NAME, NOT_A_MEMBER, INVALID_OPTION (an argument that
   * cannot be sent), and as `call` does: at most one execution. Of a list, or of `'*'` (every other member), each settles on its own:
   * a Map of outcomes under the targets as they were given.
   */
  to<Api extends object = UnknownFunctions>(targets: SeveralTargets): RemoteFunctionsOfEach<Api>
  to<Api extends object = UnknownFunctions>(target: string): RemoteFunctions<Api>
  to(target: string | readonly string[]): object {
    return remoteFunctions(this.#rooms, target, {})
  }

  /**
   * A message to a member: its address, its `who` (then its nearest tab), or its exact display name. Resolves as `delivered` when the
   * library there has it; as `stored` when the member is away (2 s) or does not answer (10 s): then it waits here, 7 days at most, and is
   * delivered once when the member is back, which the event `delivery` tells. To several: a Map of what became of each, by the targets as
   * they were given. Rejects with UNKNOWN_NAME or AMBIGUOUS_NAME (a name says who is meant only while somebody has it), NOT_A_MEMBER,
   * TOO_LARGE (16 MiB), INVALID_OPTION, or QUEUE_FULL (1 000 messages with 32 MiB are stored, or 8 192 on their way).
   */
  send(target: string, ...parts: MessagePart[]): Promise<Sent>
  send(targets: readonly string[], ...parts: MessagePart[]): Promise<SentToSeveral>
  send(target: string | readonly string[], ...parts: MessagePart[]): Promise<Sent | SentToSeveral> {
    return this.#rooms.whenStarted({}, () => this.#rooms.messages.sendTo(target, parts))
  }

  /**
   * Streams a Blob, bytes, text, a ReadableStream or an iterable to the handler of that name at a member; resolves, once it is
   * taken, with what the handler answers, which ends when the handler is done with everything. Every byte once and in order, or an
   * error. To a list or `'*'`: a Map of settled results under the targets as given. Rejects as `send` does, with INVALID_OPTION
   * to oneself, NO_HANDLER, BUSY, or TIMEOUT (10 000 ms, until it is taken). Reading rejects with REMOTE_ERROR, STREAM_RESET,
   * ABORTED, or what the source failed with.
   */
  stream(target: SeveralTargets, name: string, source: StreamSource, options?: StreamOptions): Promise<Outcomes<StreamAnswer>>
  stream(target: string, name: string, source: StreamSource, options?: StreamOptions): Promise<StreamAnswer>
  stream(
    target: readonly string[] | string,
    name: string,
    source: StreamSource,
    options: StreamOptions = {},
  ): Promise<Outcomes<StreamAnswer> | StreamAnswer> {
    return refusedOptions(options, streamOptions) ?? openStreams(this.#rooms, target, { name, source, options })
  }

  /**
   * A message to every member, once each and in the order in which they were said: to those that can be reached now, and to those that
   * are back, or come, while others keep it: 10 minutes, 1 000 broadcasts or 4 MiB of the network. Never comes to oneself. Rejects with
   * TOO_LARGE (16 000 bytes), or QUEUE_FULL when no link takes more, or more than 1 MiB a second is said.
   */
  broadcast(...parts: MessagePart[]): Promise<Said> {
    return this.#rooms.whenStarted({}, () => this.#rooms.broadcasts.broadcast(parts, {}))
  }

  /** A message to the members at the other end of this node's own links, and to nobody else. What became of each stands in `outcomes`. */
  whisper(...parts: MessagePart[]): Promise<Whispered> {
    return this.#rooms.whenStarted({}, () => this.#rooms.broadcasts.whisper(parts))
  }

  /**
   * Broadcasts about one thing: who has the topic open hears them as its `message` events, and nobody else hears them. May be opened
   * before `ready`, so that nothing is missed. Aborting `signal` closes it. Throws INVALID_OPTION, or QUEUE_FULL above 256 open topics.
   */
  topic<const O extends BroadcastOptions = BroadcastOptions>(name: string, options?: O): Topic<SaidAs<O>> {
    const { broadcasts } = this.#rooms
    const { signal: _, ...how } = options ?? ({} as O)
    return broadcasts.topic(name, options ?? ({} as O), (parts, spoken) =>
      this.#rooms.whenStarted({}, () => broadcasts.broadcast(parts, { ...spoken, ...how })),
    )
  }

  /**
   * The messages from now on, in a loop of its own: `for await (const message of mesh.messages())`. It ends on `close` and
   * when `signal` is aborted. A reader more than 1 000 messages behind loses the oldest; `dropped` counts them.
   */
  messages(options: { signal?: AbortSignal | undefined } = {}): MessageCursor {
    checkOptions(options, ['signal'])
    return this.#rooms.messages.inbox.cursor(options.signal)
  }

  /** The oldest message that this has not given yet, of the last 1 000 (4 MiB); or the oldest `count` of them, perhaps none. Takes nothing from events and loops. */
  receive(): Message | undefined
  receive(count: number): Message[]
  receive(count?: number): Message | undefined | Message[] {
    const { inbox } = this.#rooms.messages
    return count === undefined ? inbox.receive() : inbox.receiveMany(count)
  }

  /**
   * Asks `handler` about each message before anybody else sees it: after the handlers before it, and until one answers true, also later
   * as a promise; that one has taken the message. A handler that throws, or takes longer than 10 s, is an `error` event, and the next one
   * is asked. Returns what removes it. Throws HANDLER_ARITY unless it takes exactly two parameters.
   */
  use(handler: MessageHandler): () => void {
    return this.#rooms.messages.inbox.use(handler)
  }

  /** The verbs with options: `mesh.with({ timeoutMs: 500 }).send(to, 'now')`. Throws INVALID_OPTION for an option that none of them knows. */
  with<const O extends VerbOptions>(options: O): Verbs<O> {
    return new Verbs(this.#rooms, options)
  }

  /** How long it takes to a member or relay and back. Rejects as `send` does. */
  ping(target: string, options: OperationOptions = {}): Promise<PingResult> {
    return pingNode(this.#rooms, target, options)
  }

  /**
   * The way that packets take to a member, relay or plain node: who stands at each hop, and how long it takes there and back.
   * Resolves also when the way breaks off (`arrived` is false, `error` says why), and with what was found when the time is up
   * (10 000 ms). Rejects with UNKNOWN_NAME, AMBIGUOUS_NAME, NO_ROUTE or ABORTED.
   */
  trace(target: string, options: OperationOptions = {}): Promise<Trace> {
    return traceNode(this.#rooms, target, options)
  }

  /**
   * Asks a member or relay what it is (`describe`: name, kind, services, time up), whom it sees (`peers`, of members), its
   * table (`routes`), or who offers what (`services`, the least loaded first). Lists come in pages: `total` and `skip` say which rows these are. Rejects as `send` does, or REMOTE_ERROR.
   */
  inspect(target: string, what: InspectQuestion, options: InspectOptions = {}): Promise<Inspection> {
    return inspectNode(this.#rooms, target, what, options)
  }

  /** What this node knows of the mesh now: the nodes and links of a picture. Throws NOT_READY. */
  topology(): Topology {
    return topologyOf(this.router, { name: this.name })
  }

  /**
   * Sits out no wait: relays and devices that are away are tried at once, neighbours are asked for all that they know, direct
   * links are sought again. A mesh does so by itself, as far as it helps, when a link is lost and when a page or its network is
   * back. Resolves when each try has come to something, whatever that is. Rejects with CLOSED.
   */
  heal(): Promise<Healed> {
    return this.#rooms.whenStarted({}, () => this.#rooms.heal())
  }

  /** How this node does: its links, what waits, what went wrong. */
  health(): Health {
    return this.#rooms.health
  }

  /**
   * A direct link to a member; the one that exists, or a new one. The relay is not dropped for it. Rejects with
   * LINK_FAILED (`tried` says what was), BUSY, UNKNOWN_NAME, NOT_A_MEMBER, NO_ROUTE, TIMEOUT (20 000 ms) or ABORTED.
   */
  connect(target: string, options: OperationOptions = {}): Promise<Peer> {
    return connectDirectly(this.#rooms, target, options)
  }

  /**
   * Ends the direct link to a neighbour, and forgets it when it is a paired device (by address or id). A member stays
   * reachable by other paths, and may be linked again later; a relay is dropped by `relays.remove`. Nothing happens when there is none.
   */
  disconnect(target: string): Promise<void> {
    return handled(this.#rooms.disconnect(target))
  }

  /**
   * Leaves: links are closed, everything pending rejects with CLOSED, `messages()` loops end, no event follows. Resolves
   * when the last link is closed. Idempotent.
   */
  close(): Promise<void> {
    return this.#rooms.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
