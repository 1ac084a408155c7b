// A leaf of a large network was told of 500 members and what they offer (R14). Who offers what beside these it asks the relay that
// knows. The relay's word is the word of a relay: who is reached under an address proves it in the session all the same.

import { RecentMap } from '../bytes/recent-map.ts'
import type { OperationOptions } from '../async/operations.ts'
import type { Clock } from '../ports/clock.ts'
import { readFarMember } from '../routing/far-members.ts'
import type { Router } from '../routing/router.ts'
import { requestTimeoutMs, type Requests } from '../calls/requests.ts'
import type { ServiceListing } from './service-listing.ts'

/** Asked for by a service's name, behind the number of rows to leave out and a space. */
export const servicesService = '$mesh.services'
/** What a relay said counts for so long; loads change. */
const knownForMs = 10_000
/** Services of which a relay's answer is kept, and providers of one of them. */
export const relayedServicesMax = 64
export const relayedProvidersMax = 1_000

interface Answer {
  readonly at: number
  readonly listings: readonly ServiceListing[]
  /** There are no more providers than these, or they are as many as are kept. */
  readonly complete: boolean
}

export interface SeekOptions extends OperationOptions {
  /** Every provider, not only the best. Default false. */
  readonly all?: boolean | undefined
}

export class RelayedServices {
  readonly #clock: Clock
  readonly #requests: Requests
  readonly #answers = new RecentMap<string, Answer>(relayedServicesMax)

  constructor(clock: Clock, requests: Requests) {
    this.#clock = clock
    this.#requests = requests
  }

  /** What the relay said lately, best first. */
  listings(service: string): readonly ServiceListing[] {
    return this.#fresh(service)?.listings ?? []
  }

  /** Asks the relay; never rejects. Undefined: there is nobody to ask, or it was asked just now. */
  seek(router: Router, service: string, options: SeekOptions = {}): Promise<void> | undefined {
    const relay = router.wiserRelay
    const known = this.#fresh(service)
    if (relay === undefined || (known && (known.complete || options.all !== true) && known.listings.length > 0)) return undefined
    return this.#ask(router, relay, service, options)
  }

  #fresh(service: string): Answer | undefined {
    const answer = this.#answers.get(service)
    return answer && this.#clock.now() - answer.at < knownForMs ? answer : undefined
  }

  async #ask(router: Router, relay: string, service: string, { all, signal, timeoutMs = requestTimeoutMs }: SeekOptions): Promise<void> {
    const listings = new Map<string, ServiceListing>()
    const until = this.#clock.now() + timeoutMs
    let total = 1
    try {
      const most = all === true ? relayedProvidersMax : 1
      for (let skip = 0; skip < total && listings.size < most;) {
        const bytes = new TextEncoder().encode(`${skip} ${service}`)
        const left = Math.max(1, until - this.#clock.now())
        const reply = await this.#requests.send(router, { targets: [relay], service: servicesService, bytes, signal, timeoutMs: left })
        const page = readPage(reply.json(), service)
        if (page === undefined || page.rows === 0) break
        for (const listing of page.listings) if (listing.address !== router.address) listings.set(listing.address, listing)
        skip += page.rows
        total = page.total
        if (skip >= total) total = 0
      }
    } catch {
      // Whoever asked finds nobody, and says so in words of its own.
    }
    this.#answers.set(service, {
      at: this.#clock.now(),
      listings: [...listings.values()].slice(0, relayedProvidersMax),
      complete: total === 0,
    })
  }
}

/** Undefined: it is no page. Rows that are none are left out. */
function readPage(said: unknown, service: string): { total: number; rows: number; listings: ServiceListing[] } | undefined {
  const { total, services } = (said ?? {}) as { total?: unknown; services?: unknown }
  if (typeof total !== 'number' || !Number.isSafeInteger(total) || !Array.isArray(services)) return undefined
  return { total, rows: services.length, listings: services.flatMap((row: unknown) => readRow(row, service) ?? []) }
}

function readRow(row: unknown, service: string): ServiceListing | undefined {
  const { load, name } = (row ?? {}) as Record<string, unknown>
  const provider = readFarMember(row)
  if (!provider || typeof load !== 'number' || !(load >= 0 && load <= 1)) return undefined
  return {
    service,
    address: provider.address,
    load,
    hops: provider.hops + 1,
    cost: provider.cost,
    kind: 'member',
    name: typeof name === 'string' ? name.slice(0, 64) : '',
    silent: false,
    local: false,
    knownMs: 0,
    unchangedMs: 0,
  }
}
