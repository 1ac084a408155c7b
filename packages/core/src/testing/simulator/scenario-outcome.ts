import type { SimNetwork } from './sim-network.ts'

/** What a run did. Two runs of a seed have the same; a run in which nothing happened proves nothing. */
export interface ScenarioOutcome {
  readonly seed: number
  /** 32 hexadecimal characters. */
  readonly digest: string
  /** Messages that channels delivered. */
  readonly deliveries: number
  /** Destinations that came, changed or went, over all nodes. */
  readonly routeChanges: number
  readonly faults: number
  /** Requests that apps made, and those that were answered. */
  readonly calls: number
  readonly answers: number
  readonly virtualMs: number
}

/** A run that broke a promise. Its message names the seed; `history` says what happened before. */
export class ScenarioFailure extends Error {
  override readonly name = 'ScenarioFailure'
  readonly seed: number
  readonly history: readonly string[]

  constructor(seed: number, what: string, network: SimNetwork) {
    super(`seed ${seed} at ${network.clock.now()} ms: ${what}`)
    this.seed = seed
    this.history = network.history()
  }
}
