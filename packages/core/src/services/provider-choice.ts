// Which provider of a service is asked, and which one next. Local first, members before plain nodes, then the least load, then the
// nearest; whoever was silent lately comes last.

import { RecentMap } from '../bytes/recent-map.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Dice } from '../ports/dice.ts'
import { byPreference, type ServiceListing } from './service-listing.ts'

/**
 * `'sticky'`: the one that answered last, as long as it is there. `'random-two'`: of two drawn at random the less loaded one, so that
 * many callers do not fall upon the same one at once. A function: of the providers, best first, the one; undefined: none of them.
 */
export type Select = 'sticky' | 'random-two' | ((providers: readonly ServiceListing[]) => ServiceListing | undefined)

/** Services of which it is remembered who answered last. */
const stickyMax = 256

export class ProviderChoice {
  readonly #dice: Dice
  readonly #sticky = new RecentMap<string, string>(stickyMax)

  constructor(dice: Dice) {
    this.#dice = dice
  }

  /** One of `listings`, of which none was tried; undefined: there is none. Throws what `select` throws, or INVALID_OPTION. */
  choose(listings: readonly ServiceListing[], select: Select | undefined): ServiceListing | undefined {
    const providers = byPreference(listings)
    if (!providers.length || select === undefined) return providers[0]
    if (select === 'sticky') return providers.find(({ service, address }) => this.#sticky.get(service) === address) ?? providers[0]
    if (select === 'random-two') return this.#lessLoadedOfTwo(providers)
    const selected = select(providers)
    if (selected === undefined) return undefined
    const known = providers.find(({ address }) => address === selected.address)
    if (known) return known
    throw new MeshError('INVALID_OPTION', 'select must return one of the providers that it was given, or undefined')
  }

  answered(service: string, address: string): void {
    this.#sticky.set(service, address)
  }

  #lessLoadedOfTwo(providers: readonly ServiceListing[]): ServiceListing | undefined {
    const first = Math.floor(this.#dice.random() * providers.length)
    const second = (first + 1 + Math.floor(this.#dice.random() * (providers.length - 1))) % providers.length
    const [one, other] = [providers[first], providers[second]]
    return one && other && other.load < one.load ? other : one
  }
}

/** Throws INVALID_OPTION. */
export function checkSelect(select: unknown): void {
  if (select === undefined || select === 'sticky' || select === 'random-two' || typeof select === 'function') return
  throw new MeshError('INVALID_OPTION', "select must be 'sticky', 'random-two' or a function")
}
