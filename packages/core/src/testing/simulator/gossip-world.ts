// Broadcasts alone, for numbers of nodes at which routing would take most of the time: the real trees, repairs and comparisons on
// a virtual clock, over pipes with a latency instead of links. Who is whose neighbour, and whose record is whose, the world says.

import { MeshError } from '../../errors/mesh-error.ts'
import { Gossip, type GossipTableSize } from '../../gossip/gossip.ts'
import type { GossipNeighbour } from '../../gossip/gossip-neighbour.ts'
import { addressOf, drawTab, whoOf, type Address } from '../../identity/address.ts'
import type { MemberRecord } from '../../identity/member-record.ts'
import { wireNetwork } from '../../identity/wire-network.ts'
import type { ProvenRecord } from '../../link/link-owner.ts'
import { ByteReader } from '../../wire/bytes.ts'
import { decodeGossip, encodeGossip, type GossipMessage } from '../../wire/gossip-control.ts'
import { readMeshPacket } from '../../wire/mesh-packet.ts'
import { isWireFault } from '../../wire/wire-fault.ts'
import { SeededDice } from '../seeded-dice.ts'
import { toyCrypto, toyKeyPair } from '../toy-crypto.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { atOnce } from './sim-world.ts'
import type { Topology } from './topology.ts'

/** How quick its links are. */
export interface GossipWorldOptions {
  /** Each link gets a latency of its own between these. Default 20 … 80. */
  readonly latenciesMs?: readonly [number, number] | undefined
}

/** One of them. */
export interface GossipNode {
  readonly index: number
  readonly address: Address
  alive: boolean
}

interface Member extends GossipNode {
  readonly gossip: Gossip<Pipe>
  readonly pipes: Map<number, Pipe>
}

/** One end of a link. */
class Pipe implements GossipNeighbour {
  readonly address: string
  readonly link: GossipNeighbour['link']
  other!: Pipe
  readonly owner: Member
  readonly latencyMs: number

  constructor(owner: Member, peer: Member, { latencyMs, world }: { latencyMs: number; world: GossipWorld }) {
    this.owner = owner
    this.address = peer.address
    this.latencyMs = latencyMs
    this.link = {
      full: false,
      roundTripMs: 2 * latencyMs,
      sendPacket: (bytes) => world.carryPacket(this, bytes.slice()),
      sendControl: (message) => world.carryControl(this, encodeGossip(message)),
    }
  }
}

/** Nodes that broadcast and do nothing else. */
export class GossipWorld {
  readonly clock: VirtualClock = new VirtualClock()
  readonly dice: SeededDice
  /** Payloads that were sent, and messages on links: what leaves in one turn is one, as in link frames. */
  payloads = 0
  frames = 0
  /** Calls with the text of a broadcast and who heard it. */
  heard: (text: string, node: GossipNode) => void = () => {}
  readonly #members: Member[] = []
  readonly #records = new Map<string, ProvenRecord>()
  readonly #latenciesMs: readonly [number, number]
  readonly #leaving = new Set<Pipe>()

  constructor(seed: number | string, topology: Topology, { latenciesMs = [20, 80] }: GossipWorldOptions = {}) {
    this.dice = new SeededDice(seed)
    this.#latenciesMs = latenciesMs
    for (let node = 0; node < topology.nodes; node += 1) this.add()
    for (const [one, other] of topology.edges) this.link(one, other)
  }

  get nodes(): readonly GossipNode[] {
    return this.#members
  }

  add(): number {
    const index = this.#members.length
    const dice = this.dice.fork(`member ${index}`)
    const crypto = toyCrypto(dice)
    const keyPair = toyKeyPair(dice.bytes(32))
    const address = addressOf(atOnce(whoOf(keyPair.publicKey, crypto)), drawTab(dice))
    const network = wireNetwork('default')
    const record: MemberRecord = {
      network,
      address,
      publicKey: keyPair.publicKey,
      exchangeKey: new Uint8Array(32),
      seq48: 65_536,
      kind: 'member',
      name: '',
      capabilities: [],
      services: [],
      plainHosts: [],
    }
    this.#records.set(address, { record, bytes: new Uint8Array(0) })
    const pipes = new Map<number, Pipe>()
    const member: Member = {
      index,
      address,
      alive: true,
      pipes,
      gossip: new Gossip<Pipe>({
        identity: { address, network, crypto, keyPair, kind: 'member' },
        clock: this.clock,
        dice,
        port: {
          neighbours: () => pipes.values(),
          epoch: () => 1,
          passesOn: () => true,
          record: (origin) => this.#records.get(origin),
          whenProven: (_origin, _neighbour, { giveUp }) => giveUp(),
          deliver: ({ data }) => this.heard(typeof data === 'string' ? data : new TextDecoder().decode(data), member),
          nextHop: () => undefined,
          receipt: () => {},
          fault: () => {},
        },
      }),
    }
    this.#members.push(member)
    return index
  }

  link(one: number, other: number): void {
    const [a, b] = [this.#members[one], this.#members[other]]
    if (!a || !b || a.pipes.has(other)) return
    const latencyMs = this.dice.between(...this.#latenciesMs)
    const [there, back] = [new Pipe(a, b, { latencyMs, world: this }), new Pipe(b, a, { latencyMs, world: this })]
    there.other = back
    back.other = there
    a.pipes.set(other, there)
    b.pipes.set(one, back)
    a.gossip.join(there)
    b.gossip.join(back)
  }

  neighboursOf(index: number): number[] {
    return [...(this.#members[index]?.pipes.keys() ?? [])]
  }

  /** `told`: its neighbours notice at once; else their links stay as they are. */
  kill(index: number, told: boolean): void {
    const member = this.#members[index]
    if (!member) return
    member.alive = false
    member.gossip.stop()
    if (!told) return
    for (const [other, pipe] of member.pipes) {
      this.#members[other]?.pipes.delete(index)
      this.#members[other]?.gossip.leave(pipe.other)
    }
    member.pipes.clear()
  }

  say(index: number, text: string): void {
    const said = atOnce(this.#members[index]!.gossip.say({ service: 'news', data: text }))
    if (said instanceof MeshError) throw said
  }

  /** What `one` would never say to `other`. */
  lie(one: number, other: number, message: GossipMessage): void {
    this.#members[one]?.pipes.get(other)?.link.sendControl(message)
  }

  /** How full the tables of a node are. */
  sizes(index: number): GossipTableSize[] {
    return this.#members[index]?.gossip.sizes() ?? []
  }

  /** Takes what a pipe sends; called by pipes. */
  carryPacket(pipe: Pipe, bytes: Uint8Array): boolean {
    this.payloads += 1
    this.#count(pipe)
    this.#arrive(pipe, () => {
      const header = readMeshPacket(bytes)
      if (!isWireFault(header)) pipe.other.owner.gossip.receive(pipe.other, header, bytes)
    })
    return true
  }

  carryControl(pipe: Pipe, item: Uint8Array): void {
    this.#count(pipe)
    this.#arrive(pipe, () => {
      const message = decodeGossip(item[0]!, new ByteReader(item.subarray(1)))
      if (message !== undefined && !isWireFault(message)) pipe.other.owner.gossip.control(pipe.other, message)
    })
  }

  #arrive(pipe: Pipe, act: () => void): void {
    if (!pipe.owner.alive) return
    this.clock.setTimer(pipe.latencyMs, () => {
      if (pipe.other.owner.alive && pipe.other.owner.pipes.get(pipe.owner.index) === pipe.other) act()
    })
  }

  #count(pipe: Pipe): void {
    if (this.#leaving.has(pipe)) return
    if (this.#leaving.size === 0) this.clock.soon(() => this.#leaving.clear())
    this.#leaving.add(pipe)
    this.frames += 1
  }
}
