import type { ProvenRecord } from '../link/link-owner.ts'

/** Records of origins without a row here; above it the first one asked for is forgotten. */
export const borrowedMax = 256

/** A leaf is not told of everybody (R14), and hears what they broadcast all the same: their records are asked for when they speak. */
export class BorrowedRecords {
  readonly #records = new Map<string, ProvenRecord | undefined>()

  /** True: it has to be asked for. */
  want(address: string): boolean {
    if (this.#records.has(address)) return false
    if (this.#records.size >= borrowedMax) this.#records.delete(this.#records.keys().next().value as string)
    this.#records.set(address, undefined)
    return true
  }

  /** True: it was wanted. */
  keep(proof: ProvenRecord): boolean {
    const { address } = proof.record
    if (!this.#records.has(address)) return false
    this.#records.set(address, proof)
    return true
  }

  get(address: string): ProvenRecord | undefined {
    return this.#records.get(address)
  }

  /** It was asked for and is not here. */
  awaits(address: string): boolean {
    return this.#records.has(address) && this.#records.get(address) === undefined
  }
}
