import { RecentMap } from '../../bytes/recent-map.ts'
import type { ProvenRecord } from '../../link/link-owner.ts'

/** Records of origins without a row here; above it the first one asked for is forgotten. */
export const borrowedMax = 256
/** Who was asked and did not answer in this time has no record of it; somebody else may. */
const askAgainMs = 3_000

interface Wanted {
  readonly askedAt: number
  proof: ProvenRecord | undefined
}

/** A leaf is not told of everybody (R14), and hears what they broadcast all the same: their records are asked for when they speak. */
export class BorrowedRecords {
  readonly #wanted = new RecentMap<string, Wanted>(borrowedMax)

  /** True: it has to be asked for. */
  want(address: string, now: number): boolean {
    const known = this.#wanted.get(address)
    if (known && (known.proof !== undefined || now - known.askedAt < askAgainMs)) return false
    this.#wanted.set(address, { askedAt: now, proof: undefined })
    return true
  }

  /** True: it was wanted. */
  keep(proof: ProvenRecord): boolean {
    const wanted = this.#wanted.get(proof.record.address)
    if (wanted) wanted.proof = proof
    return wanted !== undefined
  }

  get(address: string): ProvenRecord | undefined {
    return this.#wanted.get(address)?.proof
  }

  /** It was asked for and is not here. */
  awaits(address: string): boolean {
    const wanted = this.#wanted.get(address)
    return wanted !== undefined && wanted.proof === undefined
  }
}
