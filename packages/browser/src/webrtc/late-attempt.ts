import { MeshError, deferred } from '@hopmesh/core'
import type { Channel, OpenedAttempt } from '@hopmesh/core'
import { signalsMax } from './limits.ts'

/** An attempt before the code that makes it is loaded, and it from then on. Signals that come first are kept. */
export class LateAttempt implements OpenedAttempt {
  readonly channel: Promise<Channel>
  readonly #reject: (error: MeshError) => void
  #opened: OpenedAttempt | undefined
  #early: string[] = []
  #isOver = false

  /** `load` resolves with what begins it. */
  constructor(load: () => Promise<() => OpenedAttempt>) {
    const { promise, resolve, reject } = deferred<Channel>()
    this.channel = promise
    this.#reject = reject
    load().then(
      (begin) => {
        if (this.#isOver) return
        this.#opened = begin()
        this.#opened.channel.then(resolve, reject)
        for (const signal of this.#early) this.#opened.signal(signal)
        this.#early = []
      },
      (cause: unknown) => {
        const why = 'the WebRTC part of the library could not be loaded'
        reject(new MeshError('LINK_FAILED', `No WebRTC link: ${why}`, { cause, tried: [`webrtc: ${why}`] }))
      },
    )
  }

  signal(text: string): void {
    if (this.#opened) this.#opened.signal(text)
    else if (!this.#isOver && this.#early.length < signalsMax) this.#early.push(text)
  }

  cancel(): void {
    this.#isOver = true
    this.#early = []
    this.#reject(new MeshError('ABORTED', 'The attempt at a WebRTC link was given up'))
    this.#opened?.cancel()
  }
}
