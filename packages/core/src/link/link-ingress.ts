// What comes in over one link: verified one thing after another, and read more slowly when the neighbour says too much or
// too little that is of use.

import { run, type Steps } from '../async/awaitable.ts'
import { OrderedQueue } from '../async/ordered-queue.ts'
import type { Channel } from '../channel/channel.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { WireFault } from '../wire/wire-fault.ts'
import type { LinkOwner } from './link-owner.ts'
import { readingItemBytes, type Reading } from './reading-turns.ts'
import { WasteBudget } from './waste-budget.ts'

/** Frames that wait while one is verified; a neighbour that outruns it is cut off. */
export const ingressFramesMax = 1_024
/** And their bytes. */
export const ingressBytesMax = 4_194_304

/** Unreadable packets or frames in a row, on a channel where a plain node may be, after which it is closed. */
const unreadableMax = 64
/** And before anything that can be read. */
const unreadableFirstMax = 16
/** Bytes in a row of which nothing can be read, after which no more are taken: an end that never comes, or few things that are long. */
export const unreadableBytesMax = 1_048_576
/** And before anything that can be read. */
export const unreadableFirstBytesMax = 65_536

/** Why nothing is read: others have their turn, or the neighbour said too much that is of no use, or too much altogether. */
type Pause = 'turn' | 'waste' | 'control'

export class LinkIngress implements Reading {
  readonly #channel: Channel
  readonly #owner: LinkOwner
  readonly #fail: (error: MeshError) => void
  readonly #queue = new OrderedQueue(ingressFramesMax, ingressBytesMax)
  // Most neighbours never need either of them.
  #waste: WasteBudget | undefined
  /** With what cancels their timers. */
  #pauses: Map<Pause, () => void> | undefined
  #unreadableInARow = 0
  #unreadableMax = unreadableFirstMax
  /** Since the last thing that could be read. */
  #bytesInARow = 0
  #bytesInARowMax = unreadableFirstBytesMax
  #over = false

  /** `fail` gives the link up. */
  constructor(channel: Channel, owner: LinkOwner, fail: (error: MeshError) => void) {
    this.#channel = channel
    this.#owner = owner
    this.#fail = fail
  }

  /** What waits to be verified, in bytes. */
  get waitingBytes(): number {
    return this.#queue.waitingBytes
  }

  /** So many bytes came: they count for the neighbour's turn, whatever is in them. */
  came(bytes: number): void {
    if (this.#bytesInARow >= this.#bytesInARowMax)
      return this.#fail(new MeshError('WIRE_FAULT', `${this.#bytesInARow} bytes in a row of which nothing can be read`))
    this.#bytesInARow += bytes
    this.#owner.reading.read(this, bytes)
  }

  /** There was something in them. */
  readable(): void {
    this.items(1)
    this.#unreadableInARow = 0
    this.#unreadableMax = unreadableMax
    this.#bytesInARow = 0
    this.#bytesInARowMax = unreadableBytesMax
  }

  /** What it takes to read one, beside its bytes. */
  items(count: number): void {
    this.#owner.reading.read(this, count * readingItemBytes)
  }

  /** Does this after all that came before, with the steps that may be left of it; `bytes` are what it holds while it waits. */
  push(task: () => Steps<void> | undefined, bytes = 0): void {
    if (this.#queue.push(() => this.#guarded(task), bytes)) return
    this.#fail(
      new MeshError(
        'QUEUE_FULL',
        `more than ${ingressFramesMax} frames wait to be verified, or more than ${ingressBytesMax} bytes of them`,
      ),
    )
  }

  /** Only a mistake of ours throws here; it costs this link and nobody else. */
  #guarded(task: () => Steps<void> | undefined): Awaitable<void> {
    const failed = (error: unknown): void =>
      this.#fail(
        new MeshError('LINK_FAILED', `the link failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error }),
      )
    try {
      const steps = this.#over ? undefined : task()
      const ran = steps && run(steps)
      if (ran instanceof Promise) return ran.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  /** What it said was of no use to anybody: a neighbour that says little else is read more slowly. */
  wasted(): void {
    if (this.#over) return
    const now = this.#owner.clock.now()
    this.#waste ??= new WasteBudget(now)
    const pauseMs = this.#waste.spend(1, now)
    if (pauseMs === 0 || this.#pauses?.has('waste')) return
    this.#owner.fault(
      'PACKET_FLOOD',
      `${this.#channel.label} says too much that is of no use: nothing is read for ${Math.round(pauseMs)} ms`,
    )
    this.#pause('waste', pauseMs)
  }

  /** It says more than a neighbour has to say: what waits is bounded, and then the link ends. */
  pause(ms: number): void {
    this.#owner.fault('CONTROL_FLOOD', `${this.#channel.label} says too much: nothing is read for ${ms} ms`)
    this.#pause('control', ms)
  }

  /** Something odd that the link survives. */
  fault(fault: WireFault): void {
    this.items(1)
    this.wasted()
    this.#owner.fault(fault.code, `${this.#channel.label}: ${fault.detail}`)
  }

  /** Noise now and then is survived; a neighbour that says nothing else is let go. */
  unreadable(fault: WireFault): void {
    this.fault(fault)
    this.#unreadableInARow++
    if (this.#unreadableInARow >= this.#unreadableMax)
      this.#fail(new MeshError('WIRE_FAULT', `${this.#unreadableMax} things in a row that cannot be read`))
  }

  hold(): boolean {
    if (this.#over || !this.#channel.pauseReading) return false
    this.#note('turn', () => {})
    this.#channel.pauseReading()
    return true
  }

  release(): void {
    this.#goOn('turn')
  }

  /** The link has ended: what waits is forgotten. */
  end(): void {
    this.#over = true
    for (const cancel of this.#pauses?.values() ?? []) cancel()
    this.#pauses = undefined
    this.#queue.clear()
    this.#owner.reading.forget(this)
  }

  /** Its sender waits, where the channel can make it wait; else what came does. */
  #pause(why: 'waste' | 'control', ms: number): void {
    this.#pauses?.get(why)?.()
    this.#note(
      why,
      this.#owner.clock.setTimer(ms, () => this.#goOn(why)),
    )
    if (why === 'waste' && this.#channel.pauseReading) this.#channel.pauseReading()
    else this.#queue.pause()
  }

  #note(why: Pause, cancel: () => void): void {
    this.#pauses ??= new Map()
    this.#pauses.set(why, cancel)
  }

  /** As far as nothing else is in the way. */
  #goOn(why: Pause): void {
    this.#pauses?.delete(why)
    const wasted = this.#pauses?.has('waste') === true
    if (why !== 'control' && !wasted && !this.#pauses?.has('turn')) this.#channel.resumeReading?.()
    if (why !== 'turn' && !this.#pauses?.has('control') && (!wasted || this.#channel.pauseReading)) this.#queue.resume()
  }
}
