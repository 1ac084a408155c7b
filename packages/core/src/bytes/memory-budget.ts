// What neighbours and peers make this node hold, all of them together. Each link and each session has bounds of its own, but a
// thousand of them at their bounds would be more than there is: so whoever makes this node hold the most is let go first.

/** Of a member, a page or a process: four messages of 16 MiB that arrive at one time are half of it. */
export const memberHeldBytesMax = 134_217_728
/** Of a relay, all of its networks together. */
export const relayHeldBytesMax = 1_073_741_824

export interface MemoryHolder {
  /** What is held here on behalf of one neighbour or peer, in bytes. */
  readonly heldBytes: number
  /** Lets it all go. */
  shed(): void
}

/** What neighbours and peers may make this node hold, in bytes. One may serve several routers. */
export class MemoryBudget {
  readonly bytesMax: number
  readonly #holders = new Set<MemoryHolder>()

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  get heldBytes(): number {
    let sum = 0
    for (const { heldBytes } of this.#holders) sum += heldBytes
    return sum
  }

  add(holder: MemoryHolder): void {
    this.#holders.add(holder)
  }

  delete(holder: MemoryHolder): void {
    this.#holders.delete(holder)
  }

  /** Called now and then: above the bound who holds the most is shed, one after the other, until the rest fits. Gives how many were. */
  review(): number {
    let held = this.heldBytes
    if (held <= this.bytesMax) return 0
    let shed = 0
    for (const holder of [...this.#holders].toSorted((one, other) => other.heldBytes - one.heldBytes)) {
      if (held <= this.bytesMax) break
      held -= holder.heldBytes
      this.#holders.delete(holder)
      holder.shed()
      shed += 1
    }
    return shed
  }
}
