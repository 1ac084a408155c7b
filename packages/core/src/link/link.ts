// One neighbour at the other end of one channel: greeting, handshake, then control messages and packets, until it ends.
//
//   opening ─ greeting ─┬─ joined ─┬─ closed
//                       └─ plain ──┘      (a plain neighbour that shows a greeting of ours goes back to greeting)
//
// Everything that arrives passes one ordered queue; what leaves it toward the owner has been verified. A link is bound
// to one incarnation of its peer: when the peer restarts, that is another link. What happens after the handshake is in
// joined-life.ts.

import type { Channel, CloseReason } from '../channel/channel.ts'
import { deferred } from '../async/deferred.ts'
import { MeshError, meshErrorCodes, type MeshErrorCode } from '../errors/mesh-error.ts'
import { run, type Steps } from '../async/awaitable.ts'
import type { ControlMessage } from '../wire/control.ts'
import { decodeLinkFrame, decodeRefusal, encodeRefusal, frameKinds, type LinkFrame } from '../wire/link-frame.ts'
import { netStates, type DecodedPacket, type Packet } from '../wire/packet.ts'
import { isWireFault, type WireFault } from '../wire/wire-fault.ts'
import { FramePort } from './frame-port.ts'
import { drawGreeting, isGreeting } from './greeting.ts'
import type { MemberRecord } from '../identity/member-record.ts'
import { Handshake, type HandshakeContext, type HandshakeResult } from './handshake.ts'
import { JoinedLife } from './joined-life.ts'
import type { LinkEnding, LinkOwner } from './link-owner.ts'
import type { LinkState } from './link-state.ts'
import { readingItemBytes, type Reading } from './reading-turns.ts'
import { WasteBudget } from './waste-budget.ts'
import { OrderedQueue } from '../async/ordered-queue.ts'

/** From the channel's opening to the end of the handshake. */
export const greetingTimeoutMs = 5_000
/** A neighbour that shows no greeting of ours for this long is a plain ALN node. */
export const plainAfterMs = 2_000
/** Frames that wait while one is verified; a neighbour that outruns it is cut off. */
export const ingressFramesMax = 1_024
/** And their bytes. */
export const ingressBytesMax = 4_194_304

/** Unreadable packets or frames in a row, on a channel where a plain node may be, after which it is closed. */
const unreadableMax = 64
/** And before anything that can be read. */
const unreadableFirstMax = 16

const utf8 = new TextDecoder()

export interface LinkPeer {
  readonly address: string
  readonly kind: 'member' | 'relay' | 'plain'
}

export interface LinkOptions {
  /** The only address that may answer. */
  readonly expect?: string | undefined
  /** The other end is a relay that was asked for by its URL: in a keyed network it is shown the admission, not the psk. */
  readonly toRelay?: boolean | undefined
  /** What a relay may ask for beside that; asked anew for each link. */
  readonly token?: HandshakeContext['token']
  /** For a relay: the last word on who comes in. An error refuses. */
  readonly admitMember?: HandshakeContext['admitMember']
  /** Asked for each address that a plain neighbour claims for itself, before it is believed. An error ends the link. */
  readonly admit?: ((address: string) => MeshError | undefined) | undefined
}

export class Link implements Reading {
  readonly channel: Channel
  readonly #owner: LinkOwner
  readonly #up = deferred<LinkPeer>()
  readonly #down = deferred<string>()
  readonly #port: FramePort
  readonly #options: LinkOptions
  readonly #ingress = new OrderedQueue(ingressFramesMax, ingressBytesMax)
  readonly #greeting: string
  readonly #waste: WasteBudget
  /** Why nothing is read now. */
  readonly #pauses = new Set<'turn' | 'waste'>()
  #state: LinkState = { phase: 'opening' }
  #plainAddress = ''
  #plainFull = false
  #unreadableInARow = 0
  #unreadableMax = unreadableFirstMax
  /** When the last message of the handshake left, and how long its answer took. */
  #askedAt: number | undefined
  #handshakeMs: number | undefined
  #ending: LinkEnding = 'here'
  #cancelTimers: (() => void)[] = []

  constructor(channel: Channel, owner: LinkOwner, options: LinkOptions = {}) {
    this.channel = channel
    this.#owner = owner
    this.#options = options
    this.#greeting = drawGreeting(owner.dice)
    this.#waste = new WasteBudget(owner.clock.now())
    this.#port = new FramePort(channel, {
      frame: (bytes) => this.#frame(bytes),
      plain: (packet) => this.#plainPacket(packet),
      fault: (fault) => this.#unreadable(fault),
      drained: () => this.#drained(),
      closed: (reason) => this.#closed(reason),
    })
  }

  /** Settles always; never an unhandled rejection. */
  get up(): Promise<LinkPeer> {
    return this.#up.promise
  }

  /** Resolves when the link has ended, with one line why. */
  get down(): Promise<string> {
    return this.#down.promise
  }

  get phase(): LinkState['phase'] {
    return this.#state.phase
  }

  get peer(): LinkPeer | undefined {
    if (this.#state.phase === 'plain') return { address: this.#plainAddress, kind: 'plain' }
    if (this.#state.phase !== 'joined') return undefined
    return this.#state.life.peer
  }

  get roundTripMs(): number | undefined {
    return this.#state.phase === 'joined' ? this.#state.life.roundTripMs : undefined
  }

  /** Probes that came to nothing, as a share: 0 … 1. */
  get loss(): number {
    return this.#state.phase === 'joined' ? this.#state.life.loss : 0
  }

  /** Something was sent and nothing was heard since: `tick` wants to be called more often. */
  get waits(): boolean {
    return this.#state.phase === 'joined' && this.#state.life.waits
  }

  /** What waits here, to be verified or to be sent, in bytes. */
  get heldBytes(): number {
    const egress = this.#state.phase === 'joined' ? this.#state.life.heldBytes : 0
    return this.#ingress.waitingBytes + egress + this.channel.bufferedBytes
  }

  /** Of all that neighbours make this node hold this one has the most, and there is no room left. */
  shed(): void {
    this.#owner.fault('QUEUE_FULL', `${this.channel.label} makes this node hold ${this.heldBytes} bytes, more than anybody else: it has to go`)
    this.close('too much waits for this neighbour', { code: 'QUEUE_FULL', text: 'too much waits for you here, and there is no room left' })
  }

  /** Begins the greeting. Once. */
  open(): void {
    const dials = this.channel.role === 'dialer'
    const bare = !this.#port.maybePlain
    this.#state = { phase: 'greeting', handshake: bare ? this.#newHandshake([]) : undefined }
    this.#limitGreeting()
    if (!bare) this.#after(plainAfterMs, () => this.#becomePlain())
    this.#port.start()
    if (!bare) {
      const data = this.#greeting
      this.#port.sendPlain([{ netState: netStates.query, data }, ...this.#owner.plainGreeting(this)])
    } else if (dials) this.#startHandshake()
  }

  /** One mesh packet to the neighbour, in one or two pieces, copied; `from` the link that it came over. False: it did not leave. */
  sendPacket(bytes: Uint8Array, rest?: Uint8Array, from?: Link): boolean {
    return this.#state.phase === 'joined' && this.#state.life.packet(bytes, rest, from)
  }

  /** A packet on its way through this node, and the frame in which it came alone: both are the link's from now on. */
  passPacket(bytes: Uint8Array, frame: Uint8Array, from?: Link): boolean {
    return this.#state.phase === 'joined' && this.#state.life.passPacket(bytes, frame, from)
  }

  /** What is sent now does not leave. */
  get full(): boolean {
    return this.#state.phase !== 'joined' || this.#state.life.full
  }

  sendControl(message: ControlMessage): void {
    if (this.#state.phase === 'joined') this.#state.life.control(message)
  }

  /** Asks whether the neighbour is there, and what it has told so far. */
  probe(): void {
    if (this.#state.phase === 'joined') this.#state.life.probe()
  }

  /** A neighbour that says nothing is asked after so long whether it is there; within bounds, and 5 s by default. */
  setPace(idleMs: number): void {
    if (this.#state.phase === 'joined') this.#state.life.setPace(idleMs)
  }

  /** To one of thousands: adverts are longer, and no names are kept for it beyond so many. */
  keepNames(namesMax: number): void {
    if (this.#state.phase === 'joined') this.#state.life.keepNames(namesMax)
  }

  /** This node goes: its signed record of kind `left`. */
  sendLeave(record: Uint8Array): void {
    if (this.#state.phase === 'joined') this.#state.life.sendLeave(record)
  }

  /** To a plain neighbour, also when its channel is full: for what is said seldom. False: it did not leave. */
  sendPlain(packets: readonly Packet[]): boolean {
    if (this.#state.phase !== 'plain' || packets.length === 0) return false
    this.#plainFull = !this.#port.sendPlain(packets)
    return true
  }

  /** A plain neighbour has not taken yet what it was sent: more shall wait or be refused. */
  get plainFull(): boolean {
    return this.#plainFull
  }

  /** What a plain neighbour calls itself. */
  namePlain(address: string): void {
    this.#plainAddress = address
  }

  /** Whether the plain neighbour may call itself so; one that may not has lost this link. */
  admits(address: string): boolean {
    const refusal = this.#options.admit?.(address)
    if (refusal) this.#fail(refusal)
    return refusal === undefined
  }

  /** Called now and then by the owner: asks a silent neighbour, gives up a dead one. */
  tick(now: number): void {
    if (this.#state.phase !== 'joined' || !this.#state.life.tick(now)) return
    this.#ending = 'broke'
    this.close('the neighbour does not answer')
  }

  /** Says goodbye with a notice where the neighbour understands one, then closes. Idempotent. */
  close(detail = 'closed', notice?: { code: MeshErrorCode; text: string }): void {
    const state = this.#state
    if (state.phase !== 'joined') {
      // At once: what is still being verified must not join any more.
      this.#end(detail)
      return this.channel.close(detail)
    }
    state.life.leave(notice, () => this.channel.close(detail))
    this.#end(detail)
  }

  /** What it said was of no use to anybody: a neighbour that says little else is read more slowly. */
  wasted(): void {
    if (this.#state.phase === 'closed') return
    const pauseMs = this.#waste.spend(1, this.#owner.clock.now())
    if (pauseMs === 0 || this.#pauses.has('waste')) return
    this.#owner.fault('PACKET_FLOOD', `${this.channel.label} says too much that is of no use: nothing is read for ${Math.round(pauseMs)} ms`)
    if (!this.#stopReading('waste')) this.#ingress.pause()
    this.#owner.clock.setTimer(pauseMs, () => {
      if (this.#state.phase === 'closed') return
      this.#readOn('waste')
      this.#ingress.resume()
    })
  }

  hold(): boolean {
    return this.#state.phase !== 'closed' && this.#stopReading('turn')
  }

  release(): void {
    this.#readOn('turn')
  }

  #stopReading(why: 'turn' | 'waste'): boolean {
    if (!this.channel.pauseReading) return false
    this.#pauses.add(why)
    this.channel.pauseReading()
    return true
  }

  #readOn(why: 'turn' | 'waste'): void {
    if (this.#pauses.delete(why) && this.#pauses.size === 0) this.channel.resumeReading?.()
  }

  #drained(): void {
    this.#plainFull = false
    if (this.#state.phase === 'joined') this.#state.life.drained()
  }

  #newHandshake(greetings: readonly string[]): Handshake {
    const { expect, toRelay, token, admitMember } = this.#options
    return new Handshake(this.channel.role, this.#owner.identity, { greetings, binding: this.channel.binding, expect, toRelay, token, admitMember })
  }

  #startHandshake(): void {
    const state = this.#state
    if (state.phase !== 'greeting' || state.handshake === undefined) return
    const hello = state.handshake.hello()
    const send = (frame: Uint8Array): void => this.#ask(frame)
    this.#enqueue(function* () {
      send(yield* hello)
    })
  }

  #ask(frame: Uint8Array): void {
    this.#askedAt = this.#owner.clock.now()
    this.#port.sendFrame(frame)
  }

  #frame(bytes: Uint8Array): void {
    this.#owner.reading.read(this, bytes.length + readingItemBytes)
    this.#unreadableInARow = 0
    this.#unreadableMax = unreadableMax
    if (this.#state.phase === 'joined') {
      this.#state.life.heard()
      if (bytes[0] === frameKinds.leave) return this.#state.life.receiveLeave(bytes.subarray(1))
    }
    this.#enqueue(() => this.#frameSteps(bytes), bytes.length)
  }

  #enqueue(steps: () => Steps<void>, bytes = 0): void {
    if (this.#ingress.push(() => run(this.#guarded(steps)), bytes)) return
    this.#fail(new MeshError('QUEUE_FULL', `more than ${ingressFramesMax} frames wait to be verified, or more than ${ingressBytesMax} bytes of them`))
  }

  /** Only a mistake of ours throws here; it costs this link and nobody else. */
  *#guarded(steps: () => Steps<void>): Steps<void> {
    try {
      if (this.#state.phase !== 'closed') yield* steps()
    } catch (error) {
      this.#fail(new MeshError('LINK_FAILED', `the link failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error }))
    }
  }

  *#frameSteps(bytes: Uint8Array): Steps<void> {
    const frame = decodeLinkFrame(bytes)
    if (isWireFault(frame)) return this.#fault(frame)
    const state = this.#state
    if (state.phase === 'joined') {
      const steps = state.life.frame(frame)
      return steps && (yield* steps)
    }
    if (frame.kind === frameKinds.refusal) return this.#refused(frame.body)
    if (state.phase === 'confirming') return yield* this.#confirmed(state.result, frame)
    if (state.phase !== 'greeting' || state.handshake === undefined) {
      return this.#owner.fault('unknown-kind', `a frame of kind ${frame.kind} before any greeting from ${this.channel.label}`)
    }
    if (this.#askedAt !== undefined) this.#handshakeMs ??= this.#owner.clock.now() - this.#askedAt
    const step = yield* state.handshake.receive(frame.kind, frame.body)
    // The link may have ended while it was verified.
    if (this.#state !== state) return
    if (step.failed) return this.#fail(step.failed)
    if (step.send) this.#ask(step.send)
    if (step.done?.unconfirmed) this.#state = { phase: 'confirming', result: step.done }
    else if (step.done) this.#join(step.done)
  }

  /** The first sealed thing that the listener says means yes. */
  *#confirmed(result: HandshakeResult, frame: LinkFrame): Steps<void> {
    if (frame.kind !== frameKinds.control) return this.#owner.fault('unknown-kind', `a frame of kind ${frame.kind} before ${this.channel.label} said yes`)
    this.#join(result)
    const steps = this.#state.phase === 'joined' ? this.#state.life.frame(frame) : undefined
    if (steps) yield* steps
  }

  #plainPacket(packet: DecodedPacket): void {
    this.#owner.reading.read(this, (packet.data?.length ?? 0) + readingItemBytes)
    this.#unreadableInARow = 0
    this.#unreadableMax = unreadableMax
    const greeted = packet.netState === netStates.query && packet.data !== undefined && isGreeting(utf8.decode(packet.data))
    const { phase } = this.#state
    if (phase === 'joined' || phase === 'confirming' || phase === 'closed' || (this.#state.phase === 'greeting' && this.#state.handshake)) return
    if (greeted) return this.#greeted(utf8.decode(packet.data))
    this.#becomePlain()
    if (this.#state.phase === 'plain') this.#owner.plainPacket(this, packet)
  }

  #greeted(theirs: string): void {
    this.#port.takeFrames()
    if (this.#state.phase === 'plain') {
      this.#owner.upgraded(this)
      this.#limitGreeting()
    }
    const dials = this.channel.role === 'dialer'
    this.#state = { phase: 'greeting', handshake: this.#newHandshake(dials ? [this.#greeting, theirs] : [theirs, this.#greeting]) }
    if (dials) this.#startHandshake()
  }

  #becomePlain(): void {
    if (this.#state.phase !== 'greeting' || this.#state.handshake) return
    const { expect } = this.#options
    if (expect !== undefined) return this.#fail(new MeshError('HANDSHAKE_FAILED', `${expect} was asked for, a plain ALN node answered`))
    this.#stopTimers()
    this.#state = { phase: 'plain' }
    const refusal = this.#owner.plain(this)
    if (refusal) {
      this.#port.sendPlain([{ netState: netStates.error, srcAddr: this.#owner.identity.address, data: `${refusal.code} ${refusal.message}` }])
      return this.#fail(refusal)
    }
    this.#up.resolve({ address: this.#plainAddress, kind: 'plain' })
  }

  #join(result: HandshakeResult): void {
    this.#stopTimers()
    const life = new JoinedLife({
      link: this,
      owner: this.#owner,
      port: this.#port,
      peer: peerOf(result.record),
      roundTripMs: this.#handshakeMs,
      fail: (error) => this.#fail(error),
      pause: (ms) => this.#pause(ms),
      fault: (fault) => this.#fault(fault),
    }, result)
    this.#state = { phase: 'joined', life }
    const refusal = this.#owner.joined(this, { record: result.record, bytes: result.recordBytes.slice() })
    if (refusal) {
      this.#up.reject(refusal)
      return this.close(refusal.message, { code: refusal.code, text: refusal.message })
    }
    life.probe()
    const { peer } = this
    if (peer) this.#up.resolve(peer)
  }

  #refused(body: Uint8Array): void {
    const refusal = decodeRefusal(body)
    if (isWireFault(refusal)) return this.#fault(refusal)
    const code = meshErrorCodes.find((known) => known === refusal.code) ?? 'LINK_FAILED'
    const error = new MeshError(code, `${this.channel.label} refused: ${refusal.text || refusal.code}`)
    // Of a relay its own status tells.
    if (!this.#options.toRelay) this.#owner.fault(code, error.message)
    this.#end(`refused: ${refusal.code}`, error)
    this.channel.close('refused')
  }

  /** Gives the link up and tells the neighbour why, as far as it can be told. */
  #fail(error: MeshError): void {
    const { phase } = this.#state
    if (phase === 'closed') return
    this.#owner.fault(error.code, `${this.channel.label}: ${error.message}`)
    if (phase === 'greeting' && !(this.#port.maybePlain && this.#state.phase === 'greeting' && !this.#state.handshake)) {
      this.#port.sendFrame(encodeRefusal({ code: error.code, text: error.message }))
    }
    this.#ending = 'broke'
    this.#end(error.message, error)
    this.channel.close(error.message)
  }

  /** Noise now and then is survived; a neighbour that says nothing else is let go. */
  #unreadable(fault: WireFault): void {
    this.#fault(fault)
    this.#unreadableInARow++
    if (this.#unreadableInARow >= this.#unreadableMax) this.#fail(new MeshError('WIRE_FAULT', `${this.#unreadableMax} things in a row that cannot be read`))
  }

  #fault(fault: WireFault): void {
    this.#owner.reading.read(this, readingItemBytes)
    this.wasted()
    this.#owner.fault(fault.code, `${this.channel.label}: ${fault.detail}`)
  }

  /** It says more than a neighbour has to say: what waits is bounded, and then the link ends. */
  #pause(ms: number): void {
    this.#owner.fault('CONTROL_FLOOD', `${this.channel.label} says too much: nothing is read for ${ms} ms`)
    this.#ingress.pause()
    this.#after(ms, () => this.#ingress.resume())
  }

  #closed(reason: CloseReason): void {
    this.#ending = reason.code === 'lost' ? 'broke' : reason.code === 'remote' ? 'there' : 'here'
    this.#end(reason.detail || reason.code)
  }

  #end(why: string, error?: MeshError): void {
    if (this.#state.phase === 'closed') return
    const greeting = ['opening', 'greeting', 'confirming'].includes(this.#state.phase)
    this.#stopTimers()
    this.#ingress.clear()
    if (this.#state.phase === 'joined') this.#state.life.end()
    this.#state = { phase: 'closed', why }
    this.#owner.reading.forget(this)
    this.#up.reject(error ?? new MeshError('LINK_FAILED', greeting ? `${this.channel.label} closed during the greeting: ${why}` : why))
    this.#owner.closed(this, this.#ending)
    this.#down.resolve(why)
  }

  #limitGreeting(): void {
    const text = `no greeting from ${this.channel.label} within ${greetingTimeoutMs} ms`
    this.#after(greetingTimeoutMs, () => this.#fail(new MeshError('GREETING_TIMEOUT', text)))
  }

  #after(delayMs: number, callback: () => void): void {
    this.#cancelTimers.push(this.#owner.clock.setTimer(delayMs, callback))
  }

  #stopTimers(): void {
    for (const cancel of this.#cancelTimers) cancel()
    this.#cancelTimers = []
  }
}

function peerOf({ address, kind }: MemberRecord): LinkPeer {
  return { address, kind: kind === 'relay' ? 'relay' : kind === 'named' ? 'plain' : 'member' }
}
