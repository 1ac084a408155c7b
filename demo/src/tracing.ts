import type { Mesh, Trace } from '@hopmesh/browser'
import { sentenceFor, sentenceForError } from './plain-words.ts'

/** What is to be seen of the trace that was asked for last. */
export interface TracingView {
  /** Whom the person has chosen, in the picture or in the list. */
  readonly chosen: string | undefined
  readonly running: boolean
  /** The way to `chosen`, once it was found. */
  readonly trace: Trace | undefined
  /** Why there is none, or why it ends early; '' when all is well. */
  readonly trouble: string
}

const nothing: TracingView = { chosen: undefined, running: false, trace: undefined, trouble: '' }

/** One member is chosen, and its way is looked for: shared by the panels that show it. */
export class Tracing {
  readonly #mesh: Mesh
  readonly #listeners: ((view: TracingView) => void)[] = []
  #view = nothing
  #asking: AbortController | undefined

  constructor(mesh: Mesh) {
    this.#mesh = mesh
  }

  get view(): TracingView {
    return this.#view
  }

  onChange(listener: (view: TracingView) => void): void {
    this.#listeners.push(listener)
  }

  /** Forgets what was traced before. */
  choose(address: string | undefined): void {
    this.#asking?.abort()
    this.#show({ ...nothing, chosen: address })
  }

  /** Looks for the way to whom is chosen, or to `address`. */
  async start(address: string | undefined = this.#view.chosen): Promise<void> {
    if (address === undefined) return
    this.choose(address)
    // Who left is not waited for.
    if (this.#mesh.peer(address)?.state !== 'active')
      return this.#show({ ...nothing, chosen: address, trouble: sentenceFor('NO_ROUTE', '') })
    const asking = new AbortController()
    this.#asking = asking
    this.#show({ ...nothing, chosen: address, running: true })
    try {
      const trace = await this.#mesh.trace(address, { signal: asking.signal })
      const trouble = trace.error === undefined ? '' : sentenceForError(trace.error)
      if (!asking.signal.aborted) this.#show({ chosen: address, running: false, trace, trouble })
    } catch (error) {
      if (!asking.signal.aborted) this.#show({ ...nothing, chosen: address, trouble: sentenceForError(error) })
    }
  }

  #show(view: TracingView): void {
    this.#view = view
    for (const listener of this.#listeners) listener(view)
  }
}
