import type { Clock } from '../ports/clock.ts'
import type { MeshWarning } from './mesh-events.ts'

const warningsMax = 20

export interface WarningsOptions {
  readonly clock: Clock
  /** Does anybody listen? */
  heard(): boolean
  emit(warning: MeshWarning): void
}

/** Keeps warnings until somebody can hear them: the first listener may come long after the page found what is wrong. */
export class Warnings {
  readonly #options: WarningsOptions
  readonly #kept: MeshWarning[] = []
  #unheard: MeshWarning[] = []

  constructor(options: WarningsOptions) {
    this.#options = options
  }

  list(): readonly MeshWarning[] {
    return [...this.#kept]
  }

  add(warning: MeshWarning): void {
    push(this.#kept, warning)
    if (this.#options.heard()) this.#options.emit(warning)
    else push(this.#unheard, warning)
  }

  /** On a later turn, so that all listeners of this turn hear the same. */
  listenerAdded(): void {
    if (!this.#unheard.length) return
    this.#options.clock.soon(() => {
      if (!this.#options.heard()) return
      const unheard = this.#unheard
      this.#unheard = []
      for (const warning of unheard) this.#options.emit(warning)
    })
  }
}

function push(warnings: MeshWarning[], warning: MeshWarning): void {
  warnings.push(warning)
  if (warnings.length > warningsMax) warnings.shift()
}
