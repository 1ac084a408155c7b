// Packets between the nodes of a simulated world, each with a number of its own, watched on every link that they cross:
//
//   I9  a packet comes to no node twice, unless somebody on its way changed its mind meanwhile
//
// What a broken wire doubles or changes is the wire's doing and not counted.

import { decodeLinkFrame, frameKinds, readItems } from '../../wire/link-frame.ts'
import { readMeshPacket } from '../../wire/mesh-packet.ts'
import { decodePacket } from '../../wire/packet-codec.ts'
import { isWireFault } from '../../wire/wire-fault.ts'
import type { Invariants } from './invariants.ts'
import type { RoutedWorld, SimProcess } from './routed-world.ts'
import type { SimChannel } from './sim-channel.ts'

/** Internal, so that its registration is no news. */
const service = '$traffic'
const text = new TextDecoder()

interface Visit {
  readonly process: SimProcess
  readonly at: number
}

/** Sends packets, and holds the way of each against I9. */
export class Traffic {
  sent = 0
  arrived = 0
  readonly #world: RoutedWorld
  readonly #invariants: Invariants
  readonly #broken: (what: string) => never
  readonly #visits = new Map<string, Visit[]>()
  readonly #arrived = new Set<string>()
  /** Packets that the network doubled or changed: anything may come of them. */
  readonly #harmed = new Set<string>()

  constructor(world: RoutedWorld, invariants: Invariants, broken: (what: string) => never) {
    this.#world = world
    this.#invariants = invariants
    this.#broken = broken
    world.onStart(({ router }) => {
      router.registerService(service, (packet) => this.#take(text.decode(packet.data)))
    })
  }

  /** One packet. Its name, or undefined when it did not leave. */
  send(from: SimProcess, to: SimProcess): string | undefined {
    const name = `packet ${this.sent + 1}`
    if (from.router.send({ service, destAddr: to.router.address, data: name }) !== undefined) return undefined
    this.sent += 1
    this.#visits.set(name, [{ process: from, at: this.#world.network.clock.now() }])
    return name
  }

  hasArrived(name: string): boolean {
    return this.#arrived.has(name)
  }

  /** To be called with everything that a channel is about to hear. */
  delivered(channel: SimChannel, message: Uint8Array, harmed: boolean): void {
    if (message[0] !== frameKinds.packets) return
    const process = this.#world.processIn(channel.node)
    const frame = decodeLinkFrame(message)
    if (process === undefined || isWireFault(frame)) return
    const items = readItems(frame.body)
    if (isWireFault(items)) return
    for (const item of items) {
      const header = readMeshPacket(item)
      if (isWireFault(header) || header.service !== service) continue
      const packet = decodePacket(item, header.alnOffset)
      if (isWireFault(packet)) continue
      const name = text.decode(packet.data)
      if (harmed) this.#harmed.add(name)
      else if (!this.#harmed.has(name)) this.#visit(process, name, header.destination)
    }
  }

  #visit(process: SimProcess, name: string, destination: string): void {
    const visits = this.#visits.get(name)
    if (visits === undefined) return
    const before = visits.findIndex((visit) => visit.process === process)
    visits.push({ process, at: this.#world.network.clock.now() })
    if (before === -1) return
    const circle = visits.slice(before)
    const since = circle[0]?.at ?? 0
    if (circle.some((visit) => this.#invariants.changedAt(visit.process, destination) >= since)) return
    this.#broken(`I9: ${name} went in a circle: ${circle.map((visit) => visit.process.name).join(' > ')}`)
  }

  #take(name: string): void {
    if (this.#arrived.has(name) && !this.#harmed.has(name)) this.#broken(`I9: ${name} arrived twice`)
    if (!this.#visits.has(name)) return
    this.#arrived.add(name)
    this.arrived += 1
  }
}
