// One source that can be read only once, for several receivers: what the fastest has read waits for the others, up to a bound. Who
// holds all others up at that bound for too long is left behind.

import { deferred, type Deferred } from '../async/deferred.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Pieces } from './stream-source.ts'

/** How far the fastest receiver of a source that is read once may be ahead of the slowest. */
export const leadBytesMax = 8_388_608
const leadPiecesMax = 4_096
/** For so long the others wait for the slowest; then it is given up with QUEUE_FULL. */
export const slowestMsMax = 5_000

interface Receiver extends Pieces {
  /** Index of its next piece. */
  at: number
  error: MeshError | undefined
}

export class SharedPieces {
  readonly #pieces: Pieces
  readonly #clock: Clock
  readonly #receivers = new Set<Receiver>()
  #kept: Uint8Array[] = []
  /** Index of the first piece that is kept. */
  #first = 0
  #keptBytes = 0
  #end: { readonly error: unknown } | 'reached' | undefined
  #isReading = false
  #changed: Deferred<void> = deferred()
  #stopTimer: (() => void) | undefined

  constructor(pieces: Pieces, clock: Clock) {
    this.#pieces = pieces
    this.#clock = clock
  }

  /** One more receiver, from the first piece on: all of them before any of them reads. */
  receiver(): Pieces {
    const receiver: Receiver = {
      at: 0,
      error: undefined,
      next: () => this.#next(receiver),
      cancel: (reason) => this.#leave(receiver, reason),
    }
    this.#receivers.add(receiver)
    return receiver
  }

  async #next(receiver: Receiver): Promise<Uint8Array | undefined> {
    for (;;) {
      if (receiver.error) throw receiver.error
      const piece = this.#kept[receiver.at - this.#first]
      if (piece !== undefined) {
        receiver.at += 1
        this.#forget()
        return piece
      }
      if (this.#end === 'reached') return undefined
      if (this.#end) throw this.#end.error
      if (!this.#receivers.has(receiver)) return undefined
      if (!this.#isFull) this.#read()
      else this.#stopTimer ??= this.#clock.setTimer(slowestMsMax, () => this.#leaveSlowest())
      await this.#changed.promise
    }
  }

  get #isFull(): boolean {
    return this.#keptBytes >= leadBytesMax || this.#kept.length >= leadPiecesMax
  }

  #read(): void {
    if (this.#isReading) return
    this.#isReading = true
    void this.#readOne()
  }

  async #readOne(): Promise<void> {
    try {
      const piece = await this.#pieces.next()
      if (piece === undefined) this.#end = 'reached'
      else {
        this.#kept.push(piece)
        this.#keptBytes += piece.length
      }
    } catch (error) {
      this.#end = { error }
    }
    this.#isReading = false
    this.#tell()
  }

  /** What everybody has. */
  #forget(): void {
    let least = this.#first + this.#kept.length
    for (const { at } of this.#receivers) least = Math.min(least, at)
    if (least === this.#first) return
    for (const piece of this.#kept.splice(0, least - this.#first)) this.#keptBytes -= piece.length
    this.#first = least
    if (this.#isFull) return
    this.#stopTimer?.()
    this.#stopTimer = undefined
    this.#tell()
  }

  #leaveSlowest(): void {
    this.#stopTimer = undefined
    // What is kept begins further on with each that is left behind.
    const slowest = [...this.#receivers].filter(({ at }) => at === this.#first)
    for (const receiver of slowest) {
      receiver.error = new MeshError('QUEUE_FULL', `more than ${leadBytesMax} bytes behind the other receivers for ${slowestMsMax} ms`)
      this.#leave(receiver, receiver.error)
      receiver.onFailed?.(receiver.error)
    }
    this.#tell()
  }

  #leave(receiver: Receiver, reason: unknown): void {
    if (!this.#receivers.delete(receiver)) return
    this.#forget()
    this.#tell()
    if (this.#receivers.size > 0) return
    this.#stopTimer?.()
    this.#pieces.cancel(reason)
  }

  #tell(): void {
    this.#changed.resolve()
    this.#changed = deferred()
  }
}
