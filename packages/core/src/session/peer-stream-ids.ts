import { streamsOpenMax } from './session-limits.ts'

/** Streams that are over before the peer is told that it may open as many more. */
const toldEvery: number = streamsOpenMax / 8

/**
 * Which streams the peer has opened and which are over. A stream that is over never comes back, however late a repeated frame of it
 * arrives: this is what makes "once" of "at least once". An index counts the streams of one side from 0.
 */
export class PeerStreamIds {
  #next = 0
  #finished = 0
  #most = streamsOpenMax
  /** Below `#next`, but nothing was heard of them yet. */
  readonly #awaited = new Set<number>()

  /** How many the peer may have opened in all. */
  get most(): number {
    return this.#most
  }

  meet(index: number): 'new' | 'known' | 'beyond' {
    if (index >= this.#most) return 'beyond'
    if (index < this.#next) return this.#awaited.delete(index) ? 'new' : 'known'
    for (let passed = this.#next; passed < index; passed += 1) this.#awaited.add(passed)
    this.#next = index + 1
    return 'new'
  }

  /** One of them is over. True when the peer is to be told that it may open more. */
  finished(): boolean {
    this.#finished += 1
    if (this.#finished + streamsOpenMax - this.#most < toldEvery) return false
    this.#most = this.#finished + streamsOpenMax
    return true
  }
}
