// Two ends in one process: the first channel to read, and the one that tests and the simulator think in. It keeps every
// promise of the port: what is sent arrives in a later turn, in order, and takes room in a buffer until then.

import { concatBytes } from '../bytes/concat-bytes.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Carries, Channel, ChannelReceiver, CloseReason, Medium } from './channel.ts'
import { ChannelInbox } from './inbox.ts'

/** Of both ends alike. */
export interface MemoryChannelOptions {
  /** How long a message is under way. Default 0: it arrives at the end of the present turn. */
  readonly latencyMs?: number | undefined
  /** Default `frames`. */
  readonly carries?: Carries | undefined
  /** Above this many bytes under way `send` answers false. Default 262 144. */
  readonly highWaterBytes?: number | undefined
  /** Default `memory`. */
  readonly medium?: Medium | undefined
  /** Default 65 536 for frames, 262 144 for streams and text. */
  readonly messageBytesMax?: number | undefined
  /** Of frames. Default false. */
  readonly prefersLargeMessages?: boolean | undefined
  /** For streams: cuts and joins chunks by chance, so that nobody relies on their boundaries. */
  readonly slicing?: Pick<Dice, 'random'> | undefined
  /** Shown in the labels. Default 'memory'. */
  readonly label?: string | undefined
  /** What ties a handshake to this pipe, the same at both ends. */
  readonly binding?: Uint8Array | undefined
}

/** The two ends of one pipe: the dialer's, then the listener's. */
export function memoryChannelPair(clock: Clock, options: MemoryChannelOptions = {}): [Channel, Channel] {
  const dialer = new MemoryChannel('dialer', clock, options)
  const listener = new MemoryChannel('listener', clock, options)
  dialer.join(listener)
  listener.join(dialer)
  return [dialer, listener]
}

interface Underway {
  readonly dueAt: number
  readonly what: Uint8Array | CloseReason
}

class MemoryChannel implements Channel {
  readonly medium: Medium
  readonly carries: Carries
  readonly role: 'dialer' | 'listener'
  readonly label: string
  readonly messageBytesMax: number
  readonly binding?: Uint8Array | undefined
  readonly prefersLargeMessages: boolean
  readonly #clock: Clock
  readonly #latencyMs: number
  readonly #highWaterBytes: number
  readonly #slicing: Pick<Dice, 'random'> | undefined
  readonly #inbox: ChannelInbox
  #other: MemoryChannel | undefined
  #outgoing: Underway[] = []
  #bufferedBytes = 0
  #full = false
  #scheduled = false
  #paused = false

  constructor(role: 'dialer' | 'listener', clock: Clock, options: MemoryChannelOptions) {
    this.role = role
    this.medium = options.medium ?? 'memory'
    this.carries = options.carries ?? 'frames'
    this.label = `${options.label ?? 'memory'} ${role}`
    this.messageBytesMax = options.messageBytesMax ?? (this.carries === 'frames' ? 65_536 : 262_144)
    this.binding = options.binding
    this.prefersLargeMessages = options.prefersLargeMessages === true && this.carries === 'frames'
    this.#clock = clock
    this.#latencyMs = options.latencyMs ?? 0
    this.#highWaterBytes = options.highWaterBytes ?? 262_144
    this.#slicing = this.carries === 'stream' ? options.slicing : undefined
    this.#inbox = new ChannelInbox({
      clock,
      carries: this.carries,
      keptBytesMax: this.messageBytesMax,
      failed: (reason) => this.#tellOther(reason),
    })
  }

  join(other: MemoryChannel): void {
    this.#other = other
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  start(receiver: ChannelReceiver): void {
    this.#inbox.start(receiver)
  }

  send(message: Uint8Array): boolean {
    if (message.length > this.messageBytesMax) {
      throw new MeshError('TOO_LARGE', `${message.length} bytes on a channel that takes ${this.messageBytesMax}`)
    }
    if (this.#inbox.closeReason !== undefined) return false
    if (message.length > 0) {
      this.#bufferedBytes += message.length
      this.#put(message)
    }
    // Once full it stays so until it has drained: whoever was told waits for that.
    this.#full ||= this.#bufferedBytes > this.#highWaterBytes
    return !this.#full
  }

  pauseReading(): void {
    this.#paused = true
  }

  resumeReading(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#other?.goOn()
  }

  close(detail = ''): void {
    this.resumeReading()
    const closedBefore = this.#inbox.closeReason !== undefined
    this.#inbox.close({ code: 'local', detail })
    if (!closedBefore) this.#tellOther({ code: 'remote', detail })
  }

  #tellOther(reason: CloseReason): void {
    this.#full = false
    this.#put(reason)
  }

  #put(what: Uint8Array | CloseReason): void {
    this.#outgoing.push({ dueAt: this.#clock.now() + this.#latencyMs, what })
    if (!this.#scheduled) this.#schedule(this.#latencyMs)
  }

  #schedule(delayMs: number): void {
    this.#scheduled = true
    if (delayMs > 0) this.#clock.setTimer(delayMs, () => this.#deliverDue())
    else this.#clock.soon(() => this.#deliverDue())
  }

  /** The other end reads again. */
  goOn(): void {
    if (this.#outgoing.length > 0 && !this.#scheduled) this.#schedule(0)
  }

  get paused(): boolean {
    return this.#paused
  }

  // What a receiver sends back while this runs waits for the next turn.
  #deliverDue(): void {
    if (this.#other?.paused) {
      this.#scheduled = false
      return
    }
    const now = this.#clock.now()
    const split = this.#outgoing.findIndex((one) => one.dueAt > now)
    const due = split === -1 ? this.#outgoing : this.#outgoing.slice(0, split)
    this.#outgoing = split === -1 ? [] : this.#outgoing.slice(split)
    this.#scheduled = false
    const next = this.#outgoing[0]
    if (next !== undefined) this.#schedule(next.dueAt - now)

    const chunks = due.flatMap((one) => (one.what instanceof Uint8Array ? [one.what] : []))
    for (const chunk of this.#slicing === undefined ? chunks : sliceAnew(chunks, this.#slicing)) {
      this.#bufferedBytes -= chunk.length
      this.#other?.arrived(chunk)
    }
    const last = due.at(-1)
    if (last !== undefined && !(last.what instanceof Uint8Array)) this.#other?.ended(last.what)
    if (this.#full && this.#bufferedBytes <= this.#highWaterBytes / 2) {
      this.#full = false
      this.#inbox.drained()
    }
  }

  /** From the other end. */
  arrived(message: Uint8Array): void {
    this.#inbox.message(message)
  }

  /** From the other end, after its last message. */
  ended(reason: CloseReason): void {
    this.#inbox.close(reason)
  }
}

function sliceAnew(chunks: readonly Uint8Array[], dice: Pick<Dice, 'random'>): Uint8Array[] {
  const bytes = concatBytes(chunks)
  const slices: Uint8Array[] = []
  for (let start = 0; start < bytes.length;) {
    // Mostly whole, sometimes a few bytes: both extremes are where readers break.
    const end = dice.random() < 0.5 ? start + 1 + Math.floor(dice.random() * 8) : start + 1 + Math.floor(dice.random() * bytes.length)
    slices.push(bytes.slice(start, Math.min(end, bytes.length)))
    start = Math.min(end, bytes.length)
  }
  return slices
}
