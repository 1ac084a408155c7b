// Plain nodes whose other way to this network, to this node or to another gateway, has ended. Some stacks do not notice, or keep
// the routes of the older link, and none lets a route age; but what they hear withdrawn they forget, whatever they think.

import { isMemberForm } from '../identity/address.ts'
import type { PlainEdgePort } from './plain-edge-port.ts'
import type { PlainNeighbour } from './plain-neighbour.ts'
import type { PlainNeighbours } from './plain-neighbours.ts'
import type { PlainTeller } from './plain-teller.ts'
import { netStates } from '../wire/packet.ts'
import { isEcho, isTellable } from './plain-words.ts'

/** It says what it knows meanwhile. */
const anewAfterMs = 1_000
/** Not more often, for it is many words. */
const anewEveryMs = 10_000
/** What routers tell each other takes less: by then it is known who has a link to whom. */
const settledMs = 1_000

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
    const askAt = Math.max(now + settledMs, neighbour.anewAt + anewEveryMs)
    neighbour.cancelAnew = this.#neighbours.after(neighbour, askAt - now, () => {
      neighbour.link.sendPlain([{ netState: netStates.query }])
      neighbour.cancelAnew = this.#neighbours.after(neighbour, anewAfterMs, () => {
        neighbour.cancelAnew = undefined
        neighbour.anewAt = askAt
        for (const [address, hops] of neighbour.strays)
          if (hops !== undefined) neighbour.doubted.set(address, this.#port.wayTo(address) === 'native')
        this.#teller.tell(neighbour, 'anew')
      })
    })
  }

  /** The neighbour says what `destination` costs by it; it may be one of us. */
  heard(neighbour: PlainNeighbour, destination: string, cost: number): void {
    if (cost === 0) return void neighbour.strays.delete(destination)
    const told = neighbour.told.get(destination)
    // Our own words, once around.
    if (cost === 1 || destination === this.#port.address || (told && told.cost < cost) || !isTellable(destination)) return
    // What is counted among plain nodes comes from one that is, or was, next to it.
    const isClaim = !isEcho(cost) && (isMemberForm(destination) || this.#port.wayTo(destination) === 'native')
    if (!isClaim && !isEcho(cost)) return
    // One that came back after it was withdrawn is there, and only out of our reach.
    const hops = isClaim && !neighbour.doubted.has(destination) ? cost - 1 : undefined
    neighbour.strays.set(destination, hops)
    if (hops !== undefined || !neighbour.compared)
      neighbour.cancelDoubt ??= this.#neighbours.after(neighbour, settledMs, () => this.#compare(neighbour))
  }

  /** A gateway that was doubted and out of reach is back, and says whether it has that link. */
  review(neighbour: PlainNeighbour): void {
    for (const [gateway, before] of [...neighbour.doubted]) {
      const isInReach = this.#port.wayTo(gateway) === 'native'
      if (isInReach === before) continue
      neighbour.doubted.set(gateway, isInReach)
      if (isInReach && neighbour.shared.size === 0) this.tellAnew(neighbour)
    }
  }

  /** Somebody, the neighbour or one behind it, believes that it is next to another gateway: does that one say so, too? */
  #compare(neighbour: PlainNeighbour): void {
    neighbour.cancelDoubt = undefined
    const shared = new Set(Array.from(neighbour.reached(), ([address, hops]) => (this.#port.isShared(address, 1) ? hops : undefined)))
    shared.delete(undefined)
    const isLost = [...neighbour.strays.values()].some((hops) => hops !== undefined && !shared.has(hops))
    // What it brought along, it has from some gateway.
    const isForlorn = !neighbour.compared && shared.size === 0 && neighbour.strays.size > 0
    neighbour.compared = true
    if (isLost || isForlorn) this.tellAnew(neighbour)
  }
}
