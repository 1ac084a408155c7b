// Who has shown that it is there. A record proves that somebody existed, and a route that somebody says where; only an answer in a
// session shows that the one who holds the keys is at the other end now (SE5).

import { RecentMap } from '../bytes/recent-map.ts'
import { sameBytes } from '../bytes/same-bytes.ts'
import type { MemberRecord } from '../identity/member-record.ts'
import type { Clock } from '../ports/clock.ts'

/** So long names and calls prefer others to an address whose session did not answer. */
export const silentMs = 60_000
/** Addresses remembered of each sort; then the oldest are forgotten, which only costs another question. */
export const proofsMax = 4_096

export class PresenceProofs {
  readonly #clock: Clock
  /** By address the exchange key of the process that answered. */
  readonly #proven = new RecentMap<string, Uint8Array>(proofsMax)
  /** By address when it was found silent. */
  readonly #silent = new RecentMap<string, number>(proofsMax)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** True: that is news. */
  answered({ address, exchangeKey }: MemberRecord): boolean {
    const wasSilent = this.#silent.delete(address)
    if (this.isProven(address, exchangeKey)) return wasSilent
    this.#proven.set(address, exchangeKey)
    return true
  }

  /** True: that is news. */
  unanswered(address: string): boolean {
    const isNews = !this.isSilent(address) || this.#proven.has(address)
    this.#proven.delete(address)
    this.#silent.set(address, this.#clock.now())
    return isNews
  }

  /** This very process has answered, and was not found silent since. */
  isProven(address: string, exchangeKey: Uint8Array): boolean {
    return sameBytes(exchangeKey, this.#proven.get(address))
  }

  /** It was asked less than a minute ago, and did not answer. */
  isSilent(address: string): boolean {
    const since = this.#silent.get(address)
    if (since === undefined) return false
    if (this.#clock.now() - since < silentMs) return true
    this.#silent.delete(address)
    return false
  }
}
