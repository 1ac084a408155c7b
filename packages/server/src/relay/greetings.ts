// Greetings under way cost memory and arithmetic before anybody has proved anything: they are shared out per address,
// and the oldest makes room.

export interface GreetingLimits {
  readonly greetingsPerAddressMax: number
  readonly greetingsMax: number
}

/** Something that can be given up. */
export interface Greeting {
  close(detail: string): void
}

export class Greetings {
  readonly #limits: GreetingLimits
  readonly #byAddress = new Map<string, Set<Greeting>>()
  readonly #all = new Map<Greeting, string>()

  constructor(limits: GreetingLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#all.size
  }

  begin(address: string, greeting: Greeting): void {
    const mine = this.#byAddress.get(address) ?? new Set()
    this.#byAddress.set(address, mine)
    if (mine.size >= this.#limits.greetingsPerAddressMax) this.#giveUp(mine)
    else if (this.#all.size >= this.#limits.greetingsMax) this.#giveUp(this.#all.keys())
    this.#byAddress.set(address, mine.add(greeting))
    this.#all.set(greeting, address)
  }

  end(greeting: Greeting): void {
    const address = this.#all.get(greeting)
    if (address === undefined) return
    this.#all.delete(greeting)
    const mine = this.#byAddress.get(address)
    mine?.delete(greeting)
    if (mine?.size === 0) this.#byAddress.delete(address)
  }

  #giveUp(oldestFirst: Iterable<Greeting>): void {
    for (const oldest of oldestFirst) {
      this.end(oldest)
      oldest.close('too many greetings under way')
      return
    }
  }
}
