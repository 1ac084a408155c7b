import type { Clock } from '../ports/clock.ts'
import { pushBusyMs, pushHoldMsMax, pushHoldsMax, pushesHeldMax } from './gossip-limits.ts'
import type { GossipNeighbour } from './gossip-neighbour.ts'

interface Held {
  readonly packet: Uint8Array
  readonly failed: () => void
}

interface Lane {
  pushedAt: number
  readonly held: Held[]
  cancel: (() => void) | undefined
}

/** Payloads on their way to neighbours: the first leaves at once; in a stream of them those that are close leave together, in one frame. */
export class Pushes<N extends GossipNeighbour> {
  readonly #clock: Clock
  readonly #lanes = new Map<N, Lane>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `failed`: the neighbour does not take it. */
  push(neighbour: N, { packet, hops }: { readonly packet: Uint8Array; readonly hops: number }, failed: () => void): void {
    const now = this.#clock.now()
    const lane = this.#lanes.get(neighbour) ?? { pushedAt: Number.NEGATIVE_INFINITY, held: [], cancel: undefined }
    this.#lanes.set(neighbour, lane)
    lane.held.push({ packet, failed })
    // A small part of what the link takes anyway.
    const waits = hops < pushHoldsMax && now - lane.pushedAt < pushBusyMs
    const waitMs = waits ? Math.min(pushHoldMsMax, (neighbour.link.roundTripMs ?? 0) / 4) : 0
    if (waitMs < 1 || lane.held.length >= pushesHeldMax) this.#send(neighbour, lane)
    else lane.cancel ??= this.#clock.setTimer(waitMs, () => this.#send(neighbour, lane))
  }

  leave(neighbour: N): void {
    this.#lanes.get(neighbour)?.cancel?.()
    this.#lanes.delete(neighbour)
  }

  stop(): void {
    for (const neighbour of [...this.#lanes.keys()]) this.leave(neighbour)
  }

  #send(neighbour: N, lane: Lane): void {
    lane.cancel?.()
    lane.cancel = undefined
    lane.pushedAt = this.#clock.now()
    for (const { packet, failed } of lane.held.splice(0)) if (!neighbour.link.sendPacket(packet)) failed()
  }
}
