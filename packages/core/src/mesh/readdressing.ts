import { asMeshError, handled } from '../async/operations.ts'
import type { Address } from '../identity/address.ts'
import type { RelayLinks } from './relay-links.ts'
import type { Reports } from './reports.ts'
import type { StartedRouter } from './start-router.ts'

export interface ReaddressingOptions {
  readonly relays: Pick<RelayLinks, 'hurry'>
  readonly reports: Reports
  closing(): boolean
}

/** Another process has this one's address, and the greater number: this one takes another (SE4). */
export class Readdressing {
  readonly #options: ReaddressingOptions
  #running = false

  constructor(options: ReaddressingOptions) {
    this.#options = options
  }

  async begin({ router, readdress }: Pick<StartedRouter, 'router' | 'readdress'>): Promise<void> {
    const { relays, reports, closing } = this.#options
    if (this.#running || closing()) return
    this.#running = true
    const before = router.address as Address
    try {
      const address = (await readdress()) as Address
      if (closing()) return
      for (const tried of relays.hurry({ refused: true })) void handled(tried)
      reports.warn({ code: 'IDENTITY_IN_USE', message: `another process has the address ${before}: this one is ${address} now` })
      reports.events.emit('address', { address, before })
    } catch (error) {
      reports.report(asMeshError(error))
    } finally {
      this.#running = false
    }
  }
}
