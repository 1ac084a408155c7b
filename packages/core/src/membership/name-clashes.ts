import { RecentSet } from '../bytes/recent-set.ts'
import { whoPart } from '../identity/address.ts'
import type { Peer } from './peer.ts'

/** Names that were told of; beyond it a clash may be told twice. */
const toldMax = 256

/**
 * A name is a claim: anybody may be called Ada. Watches for a second member, with another key, under a name that is known
 * already, so that people hear of it before they speak to the wrong one.
 */
export class NameClashes {
  readonly #own: { readonly who: string; readonly name: string; isSilent(address: string): boolean }
  readonly #told = new RecentSet<string>(toldMax)

  /** `isSilent`: it was asked and did not answer: a ghost, for all that is known (SE5). */
  constructor(own: { readonly who: string; readonly name: string; isSilent(address: string): boolean }) {
    this.#own = own
  }

  /** The addresses that clash, told once per name: `peer` is new or changed. Undefined: nothing to tell. */
  look(peer: Peer, present: Iterable<Peer>): readonly string[] | undefined {
    const name = peer.name.normalize('NFC')
    if (peer.kind !== 'member' || peer.state !== 'active' || name === '' || this.#told.has(name) || this.#own.isSilent(peer.address))
      return undefined
    const who = whoPart(peer.address)
    const others: string[] = name === this.#own.name && who !== this.#own.who ? ['this member'] : []
    for (const other of present) {
      const clashes =
        other.kind === 'member' && other.state === 'active' && whoPart(other.address) !== who && other.name.normalize('NFC') === name
      if (clashes && !this.#own.isSilent(other.address)) others.push(other.address)
    }
    if (others.length === 0) return undefined
    this.#told.add(name)
    return [...others, peer.address]
  }
}
