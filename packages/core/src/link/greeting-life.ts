// The life of a link before it is joined or plain: who is at the other end, one of us or a plain node; then the handshake;
// then the listener's yes.
//
//   asking ── handshake ── confirming          (on a channel where only ours can be, there is nothing to ask)

import type { Steps } from '../async/awaitable.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { encodeRefusal, frameKinds, type LinkFrame } from '../wire/link-frame.ts'
import { netStates } from '../wire/packet.ts'
import type { FramePort } from './frame-port.ts'
import { Handshake, type HandshakeResult } from './handshake.ts'
import type { JoinedLife } from './joined-life.ts'
import type { LinkIngress } from './link-ingress.ts'
import type { LinkOptions } from './link-options.ts'
import type { LinkOwner } from './link-owner.ts'
import type { Link } from './link.ts'
import type { PlainCodec } from './plain-codec.ts'

/** From the channel's opening to the end of the handshake. */
export const greetingTimeoutMs = 5_000
/** A neighbour that shows no greeting of ours for this long is a plain ALN node. */
export const plainAfterMs = 2_000

export interface GreetingLifeParts {
  readonly link: Link
  readonly owner: LinkOwner
  readonly port: FramePort
  readonly ingress: LinkIngress
  readonly options: LinkOptions
  /** What this side shows where a plain node may be. */
  readonly greeting: string
  /** Everything is proven; `roundTripMs` as the handshake measured it. Undefined: the owner did not want it. */
  join(result: HandshakeResult, roundTripMs: number | undefined): JoinedLife | undefined
  /** It showed no greeting of ours in time. */
  becomePlain(): void
  /** Gives the link up. */
  fail(error: MeshError): void
}

type GreetingState =
  /** Whether the neighbour is one of us. */
  | { readonly step: 'asking' }
  | { readonly step: 'handshake'; readonly handshake: Handshake }
  /** Everything is proven, but the listener may still say no. */
  | { readonly step: 'confirming'; readonly result: HandshakeResult }
  | { readonly step: 'over' }

export class GreetingLife {
  readonly #parts: GreetingLifeParts
  #state: GreetingState = { step: 'asking' }
  /** When the last message of the handshake left, and how long its answer took. */
  #askedAt: number | undefined
  #handshakeMs: number | undefined
  #cancelTimers: (() => void)[] = []

  constructor(parts: GreetingLifeParts) {
    this.#parts = parts
  }

  /** The neighbour has not shown that it is one of us. */
  get asks(): boolean {
    return this.#state.step === 'asking'
  }

  /** On a new channel; `codec`: where a plain node may be at its other end. */
  begin(codec?: PlainCodec): void {
    const { link, owner, port, greeting, becomePlain } = this.#parts
    if (!port.maybePlain) this.#state = { step: 'handshake', handshake: this.#newHandshake([]) }
    this.#limit()
    if (port.maybePlain) this.#after(plainAfterMs, becomePlain)
    port.start(codec)
    if (port.maybePlain) port.sendPlain([{ netState: netStates.query, data: greeting }, ...owner.plainGreeting(link)])
    else if (link.channel.role === 'dialer') this.#startHandshake()
  }

  /** With a neighbour that was taken for a plain one. */
  beginLate(theirs: string): void {
    this.#limit()
    this.greeted(theirs)
  }

  /** The neighbour has shown that it is one of us. */
  greeted(theirs: string): void {
    const { link, port, greeting } = this.#parts
    port.takeFrames()
    const dials = link.channel.role === 'dialer'
    this.#state = { step: 'handshake', handshake: this.#newHandshake(dials ? [greeting, theirs] : [theirs, greeting]) }
    if (dials) this.#startHandshake()
  }

  *frame(frame: LinkFrame): Steps<void> {
    const state = this.#state
    const { owner, join, fail } = this.#parts
    if (state.step === 'confirming') return yield* this.#confirmed(state.result, frame)
    if (state.step !== 'handshake') return
    if (this.#askedAt !== undefined) this.#handshakeMs ??= owner.clock.now() - this.#askedAt
    const step = yield* state.handshake.receive(frame.kind, frame.body)
    // The link may have ended while it was verified.
    if (this.#state !== state) return
    if (step.failed) return fail(step.failed)
    if (step.send) this.#ask(step.send)
    if (step.done?.unconfirmed) this.#state = { step: 'confirming', result: step.done }
    else if (step.done) join(step.done, this.#handshakeMs)
  }

  /** Tells a neighbour that is one of us why the link is given up, as long as it would read that. */
  refuse({ code, message }: MeshError): void {
    if (this.#state.step === 'handshake') this.#parts.port.sendFrame(encodeRefusal({ code, text: message }))
  }

  end(): void {
    this.#state = { step: 'over' }
    for (const cancel of this.#cancelTimers) cancel()
    this.#cancelTimers = []
  }

  /** The first sealed thing that the listener says means yes. */
  *#confirmed(result: HandshakeResult, frame: LinkFrame): Steps<void> {
    const { owner, link, join } = this.#parts
    if (frame.kind !== frameKinds.control)
      return owner.fault('unknown-kind', `a frame of kind ${frame.kind} before ${link.channel.label} said yes`)
    const steps = join(result, this.#handshakeMs)?.frame(frame)
    if (steps) yield* steps
  }

  #newHandshake(greetings: readonly string[]): Handshake {
    const { link, owner, options } = this.#parts
    const { expect, toRelay, token, admitMember } = options
    const { role, binding } = link.channel
    return new Handshake(role, owner.identity, { greetings, binding, expect, toRelay, token, admitMember })
  }

  #startHandshake(): void {
    if (this.#state.step !== 'handshake') return
    const hello = this.#state.handshake.hello()
    const send = (frame: Uint8Array): void => this.#ask(frame)
    this.#parts.ingress.push(function* () {
      send(yield* hello)
    })
  }

  #ask(frame: Uint8Array): void {
    const { owner, port } = this.#parts
    this.#askedAt = owner.clock.now()
    port.sendFrame(frame)
  }

  #limit(): void {
    const { link, fail } = this.#parts
    const text = `no greeting from ${link.channel.label} within ${greetingTimeoutMs} ms`
    this.#after(greetingTimeoutMs, () => fail(new MeshError('GREETING_TIMEOUT', text)))
  }

  #after(delayMs: number, callback: () => void): void {
    this.#cancelTimers.push(this.#parts.owner.clock.setTimer(delayMs, callback))
  }
}
