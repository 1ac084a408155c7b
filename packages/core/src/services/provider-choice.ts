// Which provider of a service is asked, and which one next. Local first, members before plain nodes, then the least load, then the
// nearest; whoever did not answer lately comes last.

import { MeshError } from '../errors/mesh-error.ts'
import type { Dice } from '../ports/dice.ts'
import type { Clock } from '../ports/clock.ts'
import { byPreference, type ServiceListing } from './service-registry.ts'

/**
 * `'sticky'`: the one that answered last, as long as it is there. `'random-two'`: of two drawn at random the less loaded one, so that
 * many callers do not fall upon the same one at once. A function: of the providers, best first, the one; undefined: none of them.
 */
export type Select = 'sticky' | 'random-two' | ((providers: readonly ServiceListing[]) => ServiceListing | undefined)

/** Services of which it is remembered who answered last. */
const stickyMax = 256
/** Nodes that did not answer are the last choice for so long. */
const silentMs = 60_000
const silentMax = 256

export class ProviderChoice {
  readonly #clock: Clock
  readonly #dice: Dice
  readonly #sticky = new Map<string, string>()
  readonly #silent = new Map<string, number>()

  constructor(clock: Clock, dice: Dice) {
    this.#clock = clock
    this.#dice = dice
  }

  /** One of `listings`, of which none was tried; undefined: there is none. Throws what `select` throws, or INVALID_OPTION. */
  choose(listings: readonly ServiceListing[], select: Select | undefined): ServiceListing | undefined {
    const providers = this.#answeringFirst(byPreference(listings))
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
    this.#silent.delete(address)
    remember(this.#sticky, service, address, stickyMax)
  }

  didNotAnswer(address: string): void {
    remember(this.#silent, address, this.#clock.now() + silentMs, silentMax)
  }

  #lessLoadedOfTwo(providers: readonly ServiceListing[]): ServiceListing | undefined {
    const first = Math.floor(this.#dice.random() * providers.length)
    const second = (first + 1 + Math.floor(this.#dice.random() * (providers.length - 1))) % providers.length
    const [one, other] = [providers[first], providers[second]]
    return one && other && other.load < one.load ? other : one
  }

  #answeringFirst(providers: readonly ServiceListing[]): readonly ServiceListing[] {
    if (this.#silent.size === 0) return providers
    const now = this.#clock.now()
    const isSilent = ({ address }: ServiceListing): boolean => (this.#silent.get(address) ?? 0) > now
    return [...providers.filter((provider) => !isSilent(provider)), ...providers.filter(isSilent)]
  }
}

/** Throws INVALID_OPTION. */
export function checkSelect(select: unknown): void {
  if (select === undefined || select === 'sticky' || select === 'random-two' || typeof select === 'function') return
  throw new MeshError('INVALID_OPTION', "select must be 'sticky', 'random-two' or a function")
}

function remember<V>(map: Map<string, V>, key: string, value: V, sizeMax: number): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > sizeMax && oldest !== undefined) map.delete(oldest)
}
