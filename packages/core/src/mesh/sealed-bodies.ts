// What members say to each other goes through sessions: every packet that this node has for another member is sealed before routing
// carries it, and what comes out of a session is delivered as if routing had brought it, from a source that is proven. Relays have
// sessions as well: members ask them, and they answer.

import { asMeshError } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { epochOf, type MemberRecord } from '../identity/member-record.ts'
import { messageService } from '../messages/messages.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import { sessionService, type EndToEnd } from '../routing/packets/end-to-end.ts'
import type { Router } from '../routing/router.ts'
import type { Arrival } from '../routing/routing-types.ts'
import { callService, callTypes } from '../calls/call-codec.ts'
import { encodeNetError } from '../calls/remote-error.ts'
import type { Session } from '../session/session.ts'
import type { SessionIdentity } from '../session/session-handshake.ts'
import type { SessionPriority } from '../session/send-stream.ts'
import type { SessionStream } from '../session/session-stream.ts'
import { Sessions } from '../session/sessions.ts'
import { messageDataBytesMax } from '../session/session-limits.ts'
import { packetDataBytesMax } from '../wire/mesh-packet.ts'
import { netStates, type DecodedPacket, type Packet } from '../wire/packet.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import { PresenceProofs } from './presence-proofs.ts'
import { decodeSealedPacket, encodeSealedPacket } from './sealed-packet.ts'

export interface SealedBodiesOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  readonly identity: Omit<SessionIdentity, 'record'>
}

/** How the last packet of a peer came. */
interface Way {
  readonly via: string
  readonly hops: number
}

interface Undelivered {
  readonly destination: string
  readonly packet: Packet
}

export class SealedBodies implements EndToEnd {
  readonly #router: Router
  readonly #options: SealedBodiesOptions
  #sessions: Sessions
  /** Of the peers that there are sessions with, and of one that is asking. */
  readonly #ways = new Map<string, Way>()
  readonly #proofs: PresenceProofs
  #takeStream = (_peer: string, stream: SessionStream): void => {
    stream.reset()
    stream.stop()
  }
  #findProvider = async (_service: string): Promise<string | undefined> => undefined
  #asking: { readonly peer: string; readonly way: Way } | undefined

  constructor(router: Router, options: SealedBodiesOptions) {
    this.#router = router
    this.#options = options
    this.#proofs = new PresenceProofs(options.clock)
    this.#sessions = this.#newSessions(options.identity)
    router.registerService(sessionService, (packet, arrival) => this.#receive(packet, arrival), { plain: false })
    router.on('destination', ({ address, state }) => {
      if (state !== 'down') this.#routeChanged(address)
    })
    router.seal(this)
  }

  /** This node has another address now: what was open is not its any more. To be called while the old one still has links. */
  readdress(identity: SealedBodiesOptions['identity']): void {
    this.#sessions.close(new MeshError('IDENTITY_IN_USE', 'this node has another address now'))
    this.#ways.clear()
    this.#sessions = this.#newSessions(identity)
  }

  #newSessions(identity: SealedBodiesOptions['identity']): Sessions {
    const { clock, dice, log } = this.#options
    const router = this.#router
    return new Sessions({
      clock,
      dice,
      log,
      memory: router.memory,
      self: { ...identity, record: () => router.record() },
      isRelay: (peer) => router.destination(peer)?.kind === 'relay',
      packetBytesMax: (peer) => router.packetDataBytesMax(peer),
      transmit: (destAddr, data) => void router.send({ service: sessionService, destAddr, data }),
      message: (from, data) => this.#deliver(from, data),
      datagram: (from, data) => this.#deliver(from, data),
      stream: (from, stream) => this.#takeStream(from.peer, stream),
      opened: ({ peer }) => this.#ways.set(peer, this.#asking?.peer === peer ? this.#asking.way : this.#wayTo(peer)),
      ended: ({ peer }, { code }) => {
        this.#ways.delete(peer)
        if (code === 'TIMEOUT') this.#silent(peer)
      },
      proven: (record) => {
        if (this.#proofs.answered(record)) router.proofChanged(record.address)
      },
      silent: (peer) => this.#silent(peer),
      fault: (code, message) => router.fault(code, message),
    })
  }

  send(packet: Packet, destination: string): MeshError | undefined {
    try {
      this.#say(destination, packet, bodyOf(packet))
      return undefined
    } catch (error) {
      return error instanceof MeshError ? error : new MeshError('LINK_FAILED', String(error))
    }
  }

  sendToProvider(packet: Packet & { readonly service: string }, relay: string): void {
    const { service } = packet
    void this.#findProvider(service).then((destAddr) => {
      const unsent = destAddr
        ? this.#router.send({ ...packet, destAddr })
        : new MeshError('NO_SERVICE', `nobody offers the service '${service}'`)
      if (unsent) this.#undelivered(unsent, { destination: relay, packet })
    })
  }

  async deliver(packet: Packet, destination: string): Promise<void> {
    await this.#sessions.to(destination).message(bodyOf(packet), priorityOf(packet))
  }

  isOpen(destination: string): boolean {
    return this.#sessions.get(destination)?.connection !== undefined
  }

  isProven({ address, exchangeKey }: MemberRecord): boolean {
    return this.#proofs.isProven(address, exchangeKey)
  }

  isSilent(destination: string): boolean {
    return this.#proofs.isSilent(destination)
  }

  probe(destination: string): void {
    this.#sessions.ask(destination)
  }

  /** A stream to a member, in the class of files. Throws as `Sessions.to` and `Session.openStream` do. */
  openStream(destination: string): SessionStream {
    return this.#sessions.to(destination).openStream('bulk')
  }

  /** Asks for a sign of life, so that who waits for a peer that is gone learns of it. */
  ping(destination: string): void {
    this.#sessions.get(destination)?.connection?.ping()
  }

  /** Whoever takes the streams that peers open. */
  takeStreams(take: (peer: string, stream: SessionStream) => void): void {
    this.#takeStream = take
  }

  /** Whoever knows the best provider of a service that this node was not told of. Never rejects. */
  findProviders(find: (service: string) => Promise<string | undefined>): void {
    this.#findProvider = find
  }

  /** What was said so far leaves before what is said next. */
  flush(): void {
    this.#sessions.flush()
  }

  close(): void {
    this.#sessions.close()
  }

  #silent(peer: string): void {
    if (this.#proofs.unanswered(peer)) this.#router.proofChanged(peer)
  }

  #say(destination: string, packet: Packet, body: Uint8Array): void {
    const said = this.#sessions.to(destination).message(body, priorityOf(packet))
    said.catch((error: unknown) => this.#undelivered(asMeshError(error), { destination, packet }))
  }

  #receive({ srcAddr, data }: DecodedPacket, { via, hops, plain, broadcast }: Arrival): void {
    if (plain || broadcast || !srcAddr || !data) return
    const way = { via, hops }
    if (this.#ways.has(srcAddr)) this.#ways.set(srcAddr, way)
    this.#asking = { peer: srcAddr, way }
    this.#sessions.receive({ source: srcAddr, via, data })
  }

  #deliver(from: Session, data: Uint8Array): void {
    const packet = decodeSealedPacket(data)
    if (isWireFault(packet)) return this.#router.fault(packet.code, `${from.peer}: ${packet.detail}`)
    // It has no part in the network but to carry it: whoever it is, it calls nothing here (SE2).
    if (from.record?.kind === 'relay' && packet.service !== undefined) {
      return this.#router.fault('NOT_A_MEMBER', `the relay ${from.peer} asks for '${packet.service}'`)
    }
    const way = this.#ways.get(from.peer) ?? this.#wayTo(from.peer)
    const arrival: Arrival = { ...way, verified: true, plain: false, broadcast: false }
    const code = this.#router.deliverSealed({ ...packet, srcAddr: from.peer, destAddr: this.#router.address }, arrival)
    if (!code) return
    this.#router.fault(code, `what ${from.peer} says in its session is for nobody here`)
    if (packet.netState === netStates.error) return
    this.#router.send({
      netState: netStates.error,
      destAddr: from.peer,
      contextID: packet.contextID,
      data: encodeNetError(code, packet.service ?? ''),
    })
  }

  #routeChanged(address: string): void {
    const session = this.#sessions.get(address)
    const destination = this.#router.destination(address)
    if (!session || !destination) return
    // Its record is proven: the process that the session is with is gone.
    const { startedAt } = destination
    if (startedAt !== undefined && session.record && startedAt > epochOf(session.record.seq48) * 1_000) return session.superseded()
    const before = this.#ways.get(address)
    if (before?.via === destination.via && before.hops === destination.hops) return
    this.#ways.set(address, { via: destination.via, hops: destination.hops })
    this.#sessions.routeChanged(address)
  }

  #wayTo(peer: string): Way {
    const { via = peer, hops = 1 } = this.#router.destination(peer) ?? {}
    return { via, hops }
  }

  /** The session was lost on the way, or nobody is there: who waits for an answer shall not wait for nothing. */
  #undelivered(error: MeshError, { destination, packet }: Undelivered): void {
    const { log } = this.#options
    if (log.level >= 4) log.write(4, 'session', `something for ${destination} was not delivered: ${error.code} ${error.message}`)
    if (packet.service === undefined || packet.contextID === undefined) return
    const report: DecodedPacket = {
      netState: netStates.error,
      srcAddr: destination,
      destAddr: this.#router.address,
      contextID: packet.contextID,
      data: encodeNetError(error.code, error.message),
    }
    this.#router.deliverSealed(report, { ...this.#wayTo(destination), verified: true, plain: false, broadcast: false })
  }
}

/** Throws TOO_LARGE. The addresses are those of the session. */
function bodyOf(packet: Packet): Uint8Array {
  const bytes = packet.data?.length ?? 0
  if (bytes > messageDataBytesMax)
    throw new MeshError('TOO_LARGE', `${bytes} bytes of data: at most ${messageDataBytesMax} go to a member at once`)
  return encodeSealedPacket({ ...packet, srcAddr: undefined, destAddr: undefined, nextAddr: undefined })
}

/** What the library says to itself goes before what apps say, and what is long goes last. */
function priorityOf({ service, contextID, dataType, data = '' }: Packet): SessionPriority {
  if (data.length > packetDataBytesMax) return 'bulk'
  if (service === messageService || (service === callService && dataType === callTypes.request)) return 'normal'
  return service?.startsWith('$') === true || (service === undefined && contextID !== undefined) ? 'urgent' : 'normal'
}
