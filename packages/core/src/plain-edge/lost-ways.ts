// Plain nodes whose other way to this network, to this node or to another gateway, has ended. Some stacks do not notice, or keep
// the routes of the older link, and none lets a route age; but what they hear withdrawn they forget, whatever they think.

import { isMemberForm } from '../identity/address.ts'
import type { PlainEdgePort } from './plain-edge-port.ts'
import type { PlainNeighbour } from './plain-neighbour.ts'
import type { PlainNeighbours } from './plain-neighbours.ts'
import type { PlainTeller } from './plain-teller.ts'
import { netStates } from '../wire/packet.ts'
import { isEcho, isTellable } from './plain-words.ts'

/** Not more often, for it is many words. */
const anewAfterMs = 1_000
const anewEveryMs = 10_000
/** What routers tell each other takes less: by then it is known who has a link to whom. */
const settledMs = 1_000
/** Where the network is in two parts that plain nodes join, each part takes what the other one told for strays. */
const strayEveryMs = 60_000

export class LostWays {
  readonly #port: PlainEdgePort
  readonly #neighbours: PlainNeighbours
  readonly #teller: PlainTeller

  constructor(port: PlainEdgePort, neighbours: PlainNeighbours, teller: PlainTeller) {
    this.#port = port
    this.#neighbours = neighbours
    this.#teller = teller
  }

  /** The neighbour, or one behind it, had another way to this network: what it knows is withdrawn, and told again as far as it is true. */
  tellAnew(neighbour: PlainNeighbour): void {
    if (neighbour.cancelAnew) return
    const now = this.#port.clock.now()
    const at = Math.max(now + anewAfterMs, neighbour.anewAt + anewEveryMs)
    neighbour.cancelAnew = this.#neighbours.after(neighbour, at - now, () => {
      neighbour.cancelAnew = undefined
      neighbour.anewAt = at
      this.#teller.tell(neighbour, 'anew')
      // Whether it still knows what nobody here could have told it.
      this.#neighbours.after(neighbour, anewAfterMs, () => neighbour.link.sendPlain([{ netState: netStates.query }]))
    })
  }

  /** The neighbour says what `destination` costs by it; it may be one of us. */
  heard(neighbour: PlainNeighbour, destination: string, cost: number): void {
    if (cost === 0) return void neighbour.strays.delete(destination)
    const told = neighbour.told.get(destination)
    // Our own words, once around.
    if (cost === 1 || destination === this.#port.address || (told && told.cost < cost) || !isTellable(destination)) return
    const one = isMemberForm(destination) || this.#port.wayTo(destination) === 'native'
    if (!one && !isEcho(cost)) return
    // What is counted among plain nodes came from one that is, or was, next to it.
    const hops = isEcho(cost) ? undefined : cost - 1
    neighbour.strays.set(destination, hops)
    if (hops !== undefined) this.#settle(neighbour)
  }

  #settle(neighbour: PlainNeighbour): void {
    if (neighbour.cancelStrays) return
    const now = this.#port.clock.now()
    const at = Math.max(now + settledMs, neighbour.straysAt + strayEveryMs)
    neighbour.cancelStrays = this.#neighbours.after(neighbour, at - now, () => {
      neighbour.cancelStrays = undefined
      if (!this.#hasLost(neighbour)) return neighbour.strays.clear()
      neighbour.straysAt = at
      this.tellAnew(neighbour)
    })
  }

  /** Whether somebody, it or one behind it, believes to be next to a gateway and is not. */
  #hasLost(neighbour: PlainNeighbour): boolean {
    const shared = new Set(Array.from(neighbour.reached(), ([address, hops]) => (this.#port.isShared(address) ? hops : undefined)))
    for (const hops of neighbour.strays.values()) if (hops !== undefined && !shared.has(hops)) return true
    return false
  }
}
