import type { MeshError } from '../errors/mesh-error.ts'

/** An AbortSignal that is made when somebody first asks for it: most work is over before anybody does. */
export class Cancellation {
  #controller: AbortController | undefined
  #reason: MeshError | undefined

  get isCancelled(): boolean {
    return this.#reason !== undefined
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** The first reason stands. */
  cancel(reason: MeshError): void {
    if (this.#reason) return
    this.#reason = reason
    this.#controller?.abort(reason)
  }
}
