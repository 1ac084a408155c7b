import type { ProvenRecord } from '../link/link-owner.ts'

/** Records of origins without a row here; above it the first one asked for is forgotten. */
export const borrowedMax = 256
/** Who was asked and did not answer in this time has no record of it; somebody else may. */
const askAgainMs = 3_000

/** A leaf is not told of everybody (R14), and hears what they broadcast all the same: their records are asked for when they speak. */
export class BorrowedRecords {
  readonly #records = new Map<string, ProvenRecord | undefined>()
  readonly #askedAt = new Map<string, number>()

  /** True: it has to be asked for. */
  want(address: string, now: number): boolean {
    if (this.#records.get(address) !== undefined || now - (this.#askedAt.get(address) ?? -askAgainMs) < askAgainMs) return false
    this.#records.delete(address)
    if (this.#records.size >= borrowedMax) this.#forget(this.#records.keys().next().value as string)
    this.#records.set(address, undefined)
    this.#askedAt.set(address, now)
    return true
  }

  /** True: it was wanted. */
  keep(proof: ProvenRecord): boolean {
    const { address } = proof.record
    if (!this.#records.has(address)) return false
    this.#records.set(address, proof)
    this.#askedAt.delete(address)
    return true
  }

  get(address: string): ProvenRecord | undefined {
    return this.#records.get(address)
  }

  /** It was asked for and is not here. */
  awaits(address: string): boolean {
    return this.#records.has(address) && this.#records.get(address) === undefined
  }

  #forget(address: string): void {
    this.#records.delete(address)
    this.#askedAt.delete(address)
  }
}
