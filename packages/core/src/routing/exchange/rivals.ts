// Free-form names belong to whoever comes first. What a neighbour tells of another node under a name that is taken is kept apart:
// it changes no route, it is no reason to ask for everything again, and it is at hand when the first one goes.

import type { Clock } from '../../ports/clock.ts'
import type { RouteEntry } from '../../wire/control.ts'
import type { RunningDigest } from '../table/route-digest.ts'

/** Rivals of which one neighbour may tell; of more nothing is kept. */
export const rivalsMax = 64
/** Who came back under its name meets what is left of its earlier life. That is over sooner. */
const tellAfterMs = 2_000

/** The first 32 bits of a key. */
export function tagOf(publicKey: Uint8Array): number {
  return new DataView(publicKey.buffer, publicKey.byteOffset, publicKey.length).getUint32(0)
}

interface Rival {
  entry: RouteEntry
}

export interface RivalsPort<N> {
  readonly clock: Clock
  /** This neighbour knows another node of that name, and goes on doing so. */
  found(neighbour: N, address: string): void
}

export class Rivals<N> {
  readonly #port: RivalsPort<N>
  readonly #byNeighbour = new Map<N, Map<string, Rival>>()

  constructor(port: RivalsPort<N>) {
    this.#port = port
  }

  keep(neighbour: N, entry: RouteEntry): void {
    const rivals = this.#byNeighbour.get(neighbour) ?? new Map<string, Rival>()
    const known = rivals.get(entry.destination)
    if (known) known.entry = entry
    else if (rivals.size < rivalsMax) {
      const rival = { entry }
      this.#byNeighbour.set(neighbour, rivals.set(entry.destination, rival))
      this.#port.clock.setTimer(tellAfterMs, () => {
        if (this.#byNeighbour.get(neighbour)?.get(entry.destination) === rival) this.#port.found(neighbour, entry.destination)
      })
    }
  }

  delete(neighbour: N, address: string): void {
    this.#byNeighbour.get(neighbour)?.delete(address)
  }

  deleteAbsent(neighbour: N, present: ReadonlySet<string>): void {
    const rivals = this.#byNeighbour.get(neighbour)
    for (const address of rivals?.keys() ?? []) if (!present.has(address)) rivals?.delete(address)
  }

  leave(neighbour: N): void {
    this.#byNeighbour.delete(neighbour)
  }

  /** This one goes, and nobody will take back what was told of it. */
  left(address: string, tag: number): void {
    for (const rivals of this.#byNeighbour.values()) if (rivals.get(address)?.entry.tag === tag) rivals.delete(address)
  }

  /** Somebody tells of another node of this name. */
  isClaimed(address: string): boolean {
    for (const rivals of this.#byNeighbour.values()) if (rivals.has(address)) return true
    return false
  }

  /** The name is free: what was told of others under it. */
  take(address: string): { neighbour: N; entry: RouteEntry }[] {
    const taken: { neighbour: N; entry: RouteEntry }[] = []
    for (const [neighbour, rivals] of this.#byNeighbour) {
      const rival = rivals.get(address)
      if (rival && rivals.delete(address)) taken.push({ neighbour, entry: rival.entry })
    }
    return taken
  }

  /** They were heard, although nothing came of it. */
  addTo(neighbour: N, heard: RunningDigest): void {
    for (const { entry } of this.#byNeighbour.get(neighbour)?.values() ?? []) heard.add(entry.destination, entry.metric, entry.hops)
  }
}
