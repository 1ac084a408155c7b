// One neighbour at the other end of one channel: greeting, handshake, then control messages and packets, until it ends.
//
//   opening ─ greeting ─┬─ joined ─┬─ closed
//                       └─ plain ──┘      (a plain neighbour that shows a greeting of ours goes back to greeting)
//
// Everything that arrives passes one ordered queue (link-ingress.ts); what leaves it toward the owner has been verified. A
// link is bound to one incarnation of its peer: when the peer restarts, that is another link. What happens in each of its
// lives is in greeting-life.ts, joined-life.ts and plain-life.ts.

import type { Channel, CloseReason } from '../channel/channel.ts'
import type { Steps } from '../async/awaitable.ts'
import { Outcome } from '../async/outcome.ts'
import { MeshError, meshErrorCodes, type MeshErrorCode } from '../errors/mesh-error.ts'
import type { ControlMessage } from '../wire/control.ts'
import { decodeLinkFrame, decodeRefusal, frameKinds, type ItemToWrite } from '../wire/link-frame.ts'
import { largePacketDataBytesMax, packetDataBytesMax } from '../wire/mesh-packet.ts'
import type { DecodedPacket, Packet } from '../wire/packet.ts'
import { isWireFault, type WireFault } from '../wire/wire-fault.ts'
import { FramePort, type FramePortReceiver } from './frame-port.ts'
import { drawGreeting, greetingIn } from './greeting.ts'
import { GreetingLife } from './greeting-life.ts'
import type { HandshakeResult } from './handshake.ts'
import { JoinedLife } from './joined-life.ts'
import { LinkIngress } from './link-ingress.ts'
import type { LinkOptions } from './link-options.ts'
import type { LinkEnding, LinkOwner } from './link-owner.ts'
import { peerOf, type LinkPeer } from './link-peer.ts'
import type { LinkState } from './link-state.ts'
import type { Link } from './link.ts'
import type { PlainCodec } from './plain-codec.ts'
import { PlainLife } from './plain-life.ts'

const noOptions: LinkOptions = {}

/** Its methods from `frame` to `closed` are its port's to call; functions made for each link would take three times what it takes itself. */
export class ChannelLink implements Link, FramePortReceiver {
  readonly channel: Channel
  readonly #owner: LinkOwner
  readonly #up = new Outcome<LinkPeer>()
  readonly #down = new Outcome<string>()
  readonly #port: FramePort
  #options: LinkOptions
  readonly #ingress: LinkIngress
  #greeting: string
  #state: LinkState = { phase: 'opening' }
  #ending: LinkEnding = 'here'
  /** One for all that may have to give the link up. */
  readonly #giveUp = (error: MeshError): void => this.#fail(error)

  constructor(channel: Channel, owner: LinkOwner, options: LinkOptions = noOptions) {
    this.channel = channel
    this.#owner = owner
    this.#options = options
    this.#greeting = drawGreeting(owner.dice)
    this.#ingress = new LinkIngress(channel, owner, this.#giveUp)
    this.#port = new FramePort(channel, this)
  }

  get up(): Promise<LinkPeer> {
    return this.#up.promise
  }

  get down(): Promise<string> {
    return this.#down.promise
  }

  get phase(): LinkState['phase'] {
    return this.#state.phase
  }

  get peer(): LinkPeer | undefined {
    if (this.#state.phase === 'plain') return { address: this.#state.life.address, kind: 'plain' }
    if (this.#state.phase !== 'joined') return undefined
    return this.#state.life.peer
  }

  get roundTripMs(): number | undefined {
    return this.#state.phase === 'joined' ? this.#state.life.roundTripMs : undefined
  }

  get loss(): number {
    return this.#state.phase === 'joined' ? this.#state.life.loss : 0
  }

  get waits(): boolean {
    return this.#state.phase === 'joined' && this.#state.life.waits
  }

  /** What waits here, to be verified or to be sent. */
  get heldBytes(): number {
    const egress = this.#state.phase === 'joined' ? this.#state.life.heldBytes : 0
    return this.#ingress.waitingBytes + egress + this.channel.bufferedBytes
  }

  /** Of all that neighbours make this node hold this one has the most, and there is no room left. */
  shed(): void {
    this.#owner.fault(
      'QUEUE_FULL',
      `${this.channel.label} makes this node hold ${this.heldBytes} bytes, more than anybody else: it has to go`,
    )
    this.close('too much waits for this neighbour', { code: 'QUEUE_FULL', text: 'too much waits for you here, and there is no room left' })
  }

  /** Begins the greeting. Once; `codec`: where a plain node may be at the other end. */
  open(codec?: PlainCodec): void {
    // It may have been closed while that was loaded.
    if (this.#state.phase !== 'opening') return
    const life = this.#newGreeting()
    this.#state = { phase: 'greeting', life }
    life.begin(codec)
  }

  /** Instead of `open`. */
  giveUp(error: MeshError): void {
    this.#fail(error)
  }

  sendPacket(packet: Uint8Array | ItemToWrite, from?: Link): boolean {
    return this.#state.phase === 'joined' && this.#state.life.packet(packet, from)
  }

  passPacket(bytes: Uint8Array, frame: Uint8Array, from?: Link): boolean {
    return this.#state.phase === 'joined' && this.#state.life.passPacket(bytes, frame, from)
  }

  get packetDataBytesMax(): number {
    return this.channel.prefersLargeMessages ? largePacketDataBytesMax : packetDataBytesMax
  }

  get full(): boolean {
    return this.#state.phase !== 'joined' || this.#state.life.full
  }

  sendControl(message: ControlMessage): void {
    if (this.#state.phase === 'joined') this.#state.life.control(message)
  }

  probe(): void {
    if (this.#state.phase === 'joined') this.#state.life.probe()
  }

  setPace(idleMs: number): void {
    if (this.#state.phase === 'joined') this.#state.life.setPace(idleMs)
  }

  keepNames(namesMax: number): void {
    if (this.#state.phase === 'joined') this.#state.life.keepNames(namesMax)
  }

  sendLeave(record: Uint8Array): void {
    if (this.#state.phase === 'joined') this.#state.life.sendLeave(record)
  }

  sendPlain(packets: readonly Packet[]): boolean {
    if (this.#state.phase !== 'plain' || packets.length === 0) return false
    this.#state.life.send(packets)
    return true
  }

  passPlain(packet: Packet): boolean {
    if (this.#state.phase !== 'plain') return false
    this.#state.life.pass(packet)
    return true
  }

  get plainFull(): boolean {
    return this.#state.phase === 'plain' && this.#state.life.full
  }

  namePlain(address: string): void {
    if (this.#state.phase === 'plain') this.#state.life.address = address
  }

  admits(address: string): boolean {
    const refusal = this.#options.admit?.(address)
    if (refusal) this.#fail(refusal)
    return refusal === undefined
  }

  tick(now: number): void {
    if (this.#state.phase !== 'joined' || !this.#state.life.tick(now)) return
    this.#ending = 'broke'
    this.close('the neighbour does not answer')
  }

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

  wasted(): void {
    this.#ingress.wasted()
  }

  came(bytes: number): void {
    this.#ingress.came(bytes)
  }

  frame(bytes: Uint8Array): void {
    this.#ingress.readable()
    if (this.#state.phase === 'joined') {
      this.#state.life.heard()
      if (bytes[0] === frameKinds.leave) return this.#state.life.receiveLeave(bytes.subarray(1))
    }
    this.#ingress.push(() => this.#read(bytes), bytes.length)
  }

  plain(packet: DecodedPacket): void {
    this.#ingress.readable()
    const state = this.#state
    if (state.phase !== 'plain' && !(state.phase === 'greeting' && state.life.asks)) return
    const theirs = greetingIn(packet)
    if (theirs === undefined) {
      this.#becomePlain()
      if (this.#state.phase === 'plain') this.#owner.plainPacket(this, packet)
    } else if (state.phase === 'greeting') state.life.greeted(theirs)
    else this.#upgrade(theirs)
  }

  fault(fault: WireFault): void {
    this.#ingress.unreadable(fault)
  }

  drained(): void {
    if (this.#state.phase === 'joined' || this.#state.phase === 'plain') this.#state.life.drained()
  }

  closed(reason: CloseReason): void {
    this.#ending = reason.code === 'lost' ? 'broke' : reason.code === 'remote' ? 'there' : 'here'
    this.#end(reason.detail || reason.code)
  }

  #newGreeting(): GreetingLife {
    return new GreetingLife({
      link: this,
      owner: this.#owner,
      port: this.#port,
      ingress: this.#ingress,
      options: this.#options,
      greeting: this.#greeting,
      join: (result, roundTripMs) => this.#join(result, roundTripMs),
      becomePlain: () => this.#becomePlain(),
      fail: this.#giveUp,
    })
  }

  /** Steps for what may have to wait. */
  #read(bytes: Uint8Array): Steps<void> | undefined {
    const frame = decodeLinkFrame(bytes)
    const state = this.#state
    if (isWireFault(frame)) this.#ingress.fault(frame)
    else if (state.phase === 'joined') return state.life.frame(frame)
    else if (frame.kind === frameKinds.refusal) this.#refused(frame.body)
    else if (state.phase === 'greeting' && !state.life.asks) return state.life.frame(frame)
    else this.#owner.fault('unknown-kind', `a frame of kind ${frame.kind} before any greeting from ${this.channel.label}`)
    return undefined
  }

  /** What was taken for a plain neighbour is one of us. */
  #upgrade(theirs: string): void {
    this.#owner.upgraded(this)
    const life = this.#newGreeting()
    this.#state = { phase: 'greeting', life }
    life.beginLate(theirs)
  }

  #becomePlain(): void {
    if (this.#state.phase !== 'greeting' || !this.#state.life.asks) return
    const { expect } = this.#options
    if (expect !== undefined) return this.#fail(new MeshError('HANDSHAKE_FAILED', `${expect} was asked for, a plain ALN node answered`))
    this.#state.life.end()
    const life = new PlainLife(this.#port, this.#owner.clock)
    this.#state = { phase: 'plain', life }
    const refusal = this.#owner.plain(this)
    if (refusal) {
      life.refuse(refusal, this.#owner.identity.address)
      return this.#fail(refusal)
    }
    this.#up.resolve({ address: life.address, kind: 'plain' })
  }

  #join(result: HandshakeResult, roundTripMs: number | undefined): JoinedLife | undefined {
    if (this.#state.phase === 'greeting') this.#state.life.end()
    const life = new JoinedLife(
      {
        link: this,
        owner: this.#owner,
        port: this.#port,
        ingress: this.#ingress,
        peer: peerOf(result.record),
        roundTripMs,
        fail: this.#giveUp,
      },
      result,
    )
    this.#state = { phase: 'joined', life }
    // All of that was for the greeting, and a relay has thousands of neighbours.
    this.#options = noOptions
    this.#greeting = ''
    const refusal = this.#owner.joined(this, { record: result.record, bytes: result.recordBytes.slice() })
    if (refusal) {
      this.#up.reject(refusal)
      this.close(refusal.message, { code: refusal.code, text: refusal.message })
      return undefined
    }
    life.probe()
    const { peer } = this
    if (peer) this.#up.resolve(peer)
    return peer && life
  }

  #refused(body: Uint8Array): void {
    const refusal = decodeRefusal(body)
    if (isWireFault(refusal)) return this.#ingress.fault(refusal)
    const code = meshErrorCodes.find((known) => known === refusal.code) ?? 'LINK_FAILED'
    const error = new MeshError(code, `${this.channel.label} refused: ${refusal.text || refusal.code}`)
    // Of a relay its own status tells.
    if (!this.#options.toRelay) this.#owner.fault(code, error.message)
    this.#end(`refused: ${refusal.code}`, error)
    this.channel.close('refused')
  }

  /** Gives the link up and tells the neighbour why, as far as it can be told. */
  #fail(error: MeshError): void {
    const state = this.#state
    if (state.phase === 'closed') return
    this.#owner.fault(error.code, `${this.channel.label}: ${error.message}`)
    if (state.phase === 'greeting') state.life.refuse(error)
    this.#ending = 'broke'
    this.#end(error.message, error)
    this.channel.close(error.message)
  }

  #end(why: string, error?: MeshError): void {
    if (this.#state.phase === 'closed') return
    const state = this.#state
    if (state.phase === 'joined' || state.phase === 'greeting') state.life.end()
    else if (state.phase === 'plain') state.life.flush()
    this.#ingress.end()
    this.#state = { phase: 'closed', why }
    const greeting = state.phase === 'opening' || state.phase === 'greeting'
    this.#up.reject(error ?? new MeshError('LINK_FAILED', greeting ? `${this.channel.label} closed during the greeting: ${why}` : why))
    this.#owner.closed(this, this.#ending)
    this.#down.resolve(why)
  }
}
