import type { Clock } from '../ports/clock.ts'
import type { Router } from '../routing/router.ts'

/** A node without a route for so long is not waited for any more: routes heal sooner, and what is under way survives that. */
export const absentMs = 10_000

interface Watched {
  readonly startedAt: number | undefined
  readonly gone: Set<(what: string) => void>
  stopTimer: (() => void) | undefined
}

/** Tells who waits for somebody that there is nobody any more: no route for `absentMs`, or another process in its place. */
export class Absences {
  readonly #clock: Clock
  readonly #watched = new Map<string, Watched>()
  #router: Router | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  attach(router: Router): void {
    this.#router = router
    router.on('destination', ({ address }) => this.#look(address))
  }

  /** Calls `gone` once, unless what it returns is called before. */
  watch(address: string, gone: (what: string) => void): () => void {
    const watched = this.#watched.get(address) ?? {
      startedAt: this.#router?.destination(address)?.startedAt,
      gone: new Set(),
      stopTimer: undefined,
    }
    this.#watched.set(address, watched)
    watched.gone.add(gone)
    return () => {
      if (!watched.gone.delete(gone) || watched.gone.size > 0) return
      watched.stopTimer?.()
      if (this.#watched.get(address) === watched) this.#watched.delete(address)
    }
  }

  close(): void {
    for (const { stopTimer } of this.#watched.values()) stopTimer?.()
    this.#watched.clear()
    this.#router = undefined
  }

  #look(address: string): void {
    const watched = this.#watched.get(address)
    if (!watched) return
    const destination = this.#router?.destination(address)
    if (!destination) {
      watched.stopTimer ??= this.#clock.setTimer(absentMs, () => this.#gone(address, watched, `${address} is gone`))
      return
    }
    watched.stopTimer?.()
    watched.stopTimer = undefined
    const { startedAt } = destination
    if (startedAt !== undefined && watched.startedAt !== undefined && startedAt > watched.startedAt)
      this.#gone(address, watched, `${address} restarted`)
  }

  #gone(address: string, watched: Watched, what: string): void {
    watched.stopTimer?.()
    this.#watched.delete(address)
    const all = [...watched.gone]
    watched.gone.clear()
    for (const gone of all) gone(what)
  }
}
