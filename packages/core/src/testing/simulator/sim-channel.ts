import type { Carries, Channel, ChannelReceiver, CloseReason, Medium } from '../../channel/channel.ts'
import { ChannelInbox } from '../../channel/inbox.ts'
import { MeshError } from '../../errors/mesh-error.ts'
import type { SimNode } from './sim-node.ts'

/** How messages travel one way between two nodes, now; the network changes it, every channel between them obeys. */
export interface SimPath {
  latencyMs: number
  /** Up to so much is added by chance; order within a channel is kept. */
  jitterMs: number
  /** 0 … 1: whole messages vanish. */
  loss: number
  /** 0 … 1: one byte of a message is another. */
  corruption: number
  /** 0 … 1: a message comes twice. */
  duplication: number
  /** 0 … 1: a message is late by as much as a second, and later ones overtake it. */
  reordering: number
  /**
   * - `open`: messages pass.
   * - `silent`: all vanish and nobody is told.
   * - `stalled`: nothing moves until it opens again, nothing is lost.
   * - `cut`: there is no way; channels have been closed.
   */
  state: 'open' | 'silent' | 'stalled' | 'cut'
}

/** What a channel asks of the network it runs in. */
export interface SimTransport {
  readonly highWaterBytes: number
  setTimer(delayMs: number, callback: () => void): () => void
  now(): number
  random(): number
  /** To this end of the pipe. `harmed`: it is not what was sent, or not the first time. */
  delivered(channel: SimChannel, message: Uint8Array, harmed: boolean): void
  ended(channel: SimChannel): void
}

export interface SimChannelOptions {
  readonly id: number
  readonly role: 'dialer' | 'listener'
  readonly node: SimNode
  readonly path: SimPath
  readonly transport: SimTransport
  readonly medium: Medium
  readonly carries: Carries
  readonly label: string
}

const reorderedByMsMax = 1_000

/** One end of a pipe through the simulated network. */
export class SimChannel implements Channel {
  readonly id: number
  readonly medium: Medium
  readonly carries: Carries
  readonly role: 'dialer' | 'listener'
  readonly label: string
  readonly messageBytesMax: number
  readonly prefersLargeMessages: boolean
  readonly node: SimNode
  readonly #path: SimPath
  readonly #transport: SimTransport
  readonly #inbox: ChannelInbox
  #other: SimChannel | undefined
  #stalled: (Uint8Array | CloseReason)[] = []
  #lastDueAt = 0
  #bufferedBytes = 0
  #full = false
  /** What arrives while nothing is read, in its order. */
  #unread: (() => void)[] | undefined

  constructor(options: SimChannelOptions) {
    this.id = options.id
    this.role = options.role
    this.medium = options.medium
    this.carries = options.carries
    this.label = options.label
    this.messageBytesMax = options.carries === 'frames' ? 65_536 : 262_144
    this.prefersLargeMessages = options.medium === 'webrtc'
    this.node = options.node
    this.#path = options.path
    this.#transport = options.transport
    this.#inbox = new ChannelInbox({
      clock: options.node.clock,
      carries: options.carries,
      keptBytesMax: this.messageBytesMax,
      failed: (reason) => this.#leave(reason),
    })
  }

  /** Something waits in here for the path to open. */
  get stalling(): boolean {
    return this.#stalled.length > 0
  }

  join(other: SimChannel): void {
    this.#other = other
  }

  /** The other end. */
  get other(): SimChannel | undefined {
    return this.#other
  }

  get open(): boolean {
    return this.#inbox.closeReason === undefined
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
    if (!this.open || !this.node.alive) return false
    if (message.length > 0) {
      this.#bufferedBytes += message.length
      this.#depart(message)
    }
    // Once full it stays so until it has drained: whoever was told waits for that.
    this.#full ||= this.#bufferedBytes > this.#transport.highWaterBytes
    return !this.#full
  }

  pauseReading(): void {
    this.#unread ??= []
  }

  resumeReading(): void {
    const unread = this.#unread ?? []
    this.#unread = undefined
    for (const arrive of unread) arrive()
  }

  /** Takes what arrives, to be heard later. False: it reads. */
  keep(arrive: () => void): boolean {
    this.#unread?.push(arrive)
    return this.#unread !== undefined
  }

  close(detail = ''): void {
    this.resumeReading()
    const wasOpen = this.open
    this.#inbox.close({ code: 'local', detail })
    if (wasOpen) this.#leave({ code: 'remote', detail })
  }

  /** The network broke it: this end hears `lost` in a later turn. */
  lose(detail: string): void {
    if (!this.open) return
    this.#full = false
    this.#inbox.close({ code: 'lost', detail })
    this.#transport.ended(this)
  }

  /** The path opened again after a stall. */
  resume(): void {
    const stalled = this.#stalled
    this.#stalled = []
    for (const what of stalled) this.#depart(what)
    if (!this.open) this.#transport.ended(this)
  }

  #leave(reason: CloseReason): void {
    this.#full = false
    this.#depart(reason)
    this.#transport.ended(this)
  }

  #depart(what: Uint8Array | CloseReason): void {
    const path = this.#path
    if (path.state === 'stalled') {
      this.#stalled.push(what)
      return
    }
    const transport = this.#transport
    const now = transport.now()
    const jitterMs = path.jitterMs === 0 ? 0 : Math.floor(transport.random() * path.jitterMs)
    this.#lastDueAt = Math.max(this.#lastDueAt, now + path.latencyMs + jitterMs)
    let delayMs = this.#lastDueAt - now
    let vanishes = path.state === 'silent'
    if (what instanceof Uint8Array) {
      // No dice are rolled for what cannot happen: a sound path costs nothing.
      vanishes = vanishes || (path.loss > 0 && transport.random() < path.loss)
      if (path.corruption > 0 && transport.random() < path.corruption) return this.#corrupted(what, delayMs, vanishes)
      if (path.duplication > 0 && transport.random() < path.duplication) transport.setTimer(delayMs, () => this.#again(what.slice()))
      if (path.reordering > 0 && transport.random() < path.reordering) delayMs += Math.floor(transport.random() * reorderedByMsMax)
    }
    transport.setTimer(delayMs, () => this.#arrive(what, vanishes))
  }

  #corrupted(message: Uint8Array, delayMs: number, vanishes: boolean): void {
    const harmed = message.slice()
    const at = Math.floor(this.#transport.random() * harmed.length)
    harmed[at] = (harmed[at] ?? 0) ^ (1 + Math.floor(this.#transport.random() * 255))
    this.#transport.setTimer(delayMs, () => {
      if (!vanishes) this.#again(harmed)
      this.#release(message.length)
    })
  }

  /** A message that its sender did not send so. */
  #again(message: Uint8Array): void {
    if (this.#path.state !== 'silent') this.#other?.hear(message, true)
  }

  #arrive(what: Uint8Array | CloseReason, vanishes: boolean): void {
    const other = this.#other
    if (other?.keep(() => this.#arrive(what, vanishes))) return
    if (!vanishes && this.#path.state !== 'silent' && other !== undefined) {
      if (what instanceof Uint8Array) other.hear(what, false)
      else other.#hearEnd(what)
    }
    if (what instanceof Uint8Array) this.#release(what.length)
  }

  #release(length: number): void {
    this.#bufferedBytes -= length
    if (!this.#full || this.#bufferedBytes > this.#transport.highWaterBytes / 2) return
    this.#full = false
    this.node.perform(() => this.#inbox.drained())
  }

  /** From the network. */
  hear(message: Uint8Array, harmed: boolean): void {
    this.node.perform(() => {
      if (!this.open) return
      this.#transport.delivered(this, message, harmed)
      this.#inbox.message(message)
    })
  }

  #hearEnd(reason: CloseReason): void {
    this.node.perform(() => {
      if (!this.open) return
      this.#inbox.close(reason)
      this.#transport.ended(this)
    })
  }
}
