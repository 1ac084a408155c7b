import type { Duplex } from 'node:stream'

/** What is sent in one turn leaves in one write: fewer system calls, and ALN hosts depend on what their first read brings. */
export class TurnCork {
  readonly #socket: Duplex
  #corked = false

  constructor(socket: Duplex) {
    this.#socket = socket
  }

  /** Before each write. */
  cork(): void {
    if (this.#corked) return
    this.#corked = true
    this.#socket.cork()
    process.nextTick(() => this.uncork())
  }

  uncork(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }
}
