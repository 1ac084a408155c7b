import { MeshError } from '../../src/errors/mesh-error.ts'
import { Gossip, type SayOptions } from '../../src/gossip/gossip.ts'
import type { GossipNeighbour } from '../../src/gossip/gossip-neighbour.ts'
import { addressOf, drawTab, whoOf, type Address } from '../../src/identity/address.ts'
import type { MemberRecord } from '../../src/identity/member-record.ts'
import type { Receipt } from '../../src/identity/receipt-proof.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import type { ProvenRecord } from '../../src/link/link-owner.ts'
import type { KeyPair } from '../../src/ports/crypto.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto, toyKeyPair } from '../../src/testing/toy-crypto.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { BroadcastRows, CounterRange, GossipMessage } from '../../src/wire/gossip-control.ts'
import { readMeshPacket } from '../../src/wire/mesh-packet.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { now, text } from '../routing/router-world.ts'
import { SlowCrypto } from '../routing/slow-crypto.ts'

/** A neighbour that the test plays: it does nothing of itself, and remembers what it was told. */
export class PlayedNeighbour implements GossipNeighbour {
  readonly address: string
  readonly link: { roundTripMs: number | undefined; full: boolean } & Pick<GossipNeighbour['link'], 'sendPacket' | 'sendControl'>
  packets: Uint8Array[] = []
  told: GossipMessage[] = []
  /** It takes packets. */
  takes = true

  constructor(address: string) {
    this.address = address
    this.link = {
      roundTripMs: 0,
      full: false,
      sendPacket: (bytes) => {
        if (this.takes) this.packets.push(bytes.slice())
        return this.takes
      },
      sendControl: (message) => void this.told.push(message),
    }
  }

  /** What it was told of one type, and has not looked at yet. */
  take<T extends GossipMessage['type']>(type: T): Extract<GossipMessage, { type: T }>[] {
    const taken = this.told.filter((message): message is Extract<GossipMessage, { type: T }> => message.type === type)
    this.told = this.told.filter((message) => message.type !== type)
    return taken
  }

  takePackets(): Uint8Array[] {
    return this.packets.splice(0)
  }
}

export interface StagedNode {
  readonly address: Address
  readonly gossip: Gossip<PlayedNeighbour>
  readonly heard: string[]
  readonly faults: string[]
  readonly receipts: Receipt[]
  readonly record: ProvenRecord
  readonly neighbours: Set<PlayedNeighbour>
  /** What routing knows. */
  readonly records: Map<string, ProvenRecord>
  /** What waits for the proof of its origin. */
  readonly unproven: { proven: () => void; giveUp: () => void }[]
  epoch: number
  passesOn: boolean
}

export interface StageOptions {
  /** Another process of the same member. */
  readonly again?: StagedNode
  readonly kind?: 'member' | 'relay'
  /** With a key it has none of the keyring, as relays have. */
  readonly keyHash?: Uint8Array
  /** Each answer of its crypto port is a promise that takes up to this long. */
  readonly cryptoMsMax?: number
}

/** Real nodes, one and one's own neighbours at a time: what one says is carried to another by the test, if at all. */
export class GossipStage {
  readonly clock = new VirtualClock()
  readonly #dice = new SeededDice(5)
  readonly #keyPairs = new Map<StagedNode, KeyPair>()

  node({ again, kind = 'member', keyHash, cryptoMsMax }: StageOptions = {}): StagedNode {
    const dice = this.#dice.fork(`${this.#dice.random()}`)
    const crypto = toyCrypto(dice)
    const keyPair = (again && this.#keyPairs.get(again)) ?? toyKeyPair(dice.bytes(32))
    const address = again?.address ?? addressOf(now(whoOf(keyPair.publicKey, crypto)), drawTab(dice))
    const network = wireNetwork('default', keyHash)
    const about = {
      exchangeKey: new Uint8Array(32),
      seq48: 65_536,
      kind: 'member',
      name: '',
      capabilities: [],
      services: [],
      plainHosts: [],
    }
    const record = { record: { network, address, publicKey: keyPair.publicKey, ...about } as MemberRecord, bytes: new Uint8Array(0) }
    const neighbours = new Set<PlayedNeighbour>()
    const records = new Map<string, ProvenRecord>()
    const [heard, faults, receipts]: [string[], string[], Receipt[]] = [[], [], []]
    const port = cryptoMsMax === undefined ? crypto : new SlowCrypto(this.clock, dice, cryptoMsMax).port(crypto)
    const gossip = new Gossip<PlayedNeighbour>({
      identity: { address, network, crypto: port, keyPair, kind },
      clock: this.clock,
      dice,
      port: {
        neighbours: () => neighbours,
        epoch: () => node.epoch,
        passesOn: () => node.passesOn,
        record: (origin) => records.get(origin),
        whenProven: (_origin, _neighbour, settle) => void node.unproven.push(settle),
        deliver: ({ data }) => void heard.push(text(data)),
        nextHop: (to) => [...neighbours].find(({ address: next }) => next === to || next === 'a'),
        receipt: (receipt) => void receipts.push(receipt),
        fault: (code) => void faults.push(code),
      },
    })
    const node: StagedNode = {
      address,
      gossip,
      heard,
      faults,
      receipts,
      record,
      neighbours,
      records,
      unproven: [],
      epoch: 1,
      passesOn: true,
    }
    this.#keyPairs.set(node, keyPair)
    return node
  }

  joined(node: StagedNode, name: string): PlayedNeighbour {
    const neighbour = new PlayedNeighbour(name)
    node.neighbours.add(neighbour)
    node.gossip.join(neighbour)
    return neighbour
  }

  /** Says it, and answers with its packet as neighbours get it. */
  said(by: StagedNode, data: string, options?: SayOptions): Uint8Array {
    const ear = this.joined(by, 'ear')
    const said = now(by.gossip.say({ service: 'news', data }, options))
    if (said instanceof MeshError) throw said
    this.left(by, ear)
    const [packet] = ear.packets
    if (!packet) throw new TypeError(`'${data}' did not leave`)
    return packet
  }

  left(node: StagedNode, neighbour: PlayedNeighbour): void {
    node.neighbours.delete(neighbour)
    node.gossip.leave(neighbour)
  }

  /** As it is told again to who asks. */
  late(by: StagedNode, counter: number): Uint8Array {
    const ear = this.joined(by, 'ear')
    by.gossip.control(ear, { type: 'want', rows: [rowsOf(by, [{ start: counter, end: counter + 1 }])] })
    this.left(by, ear)
    const [packet] = ear.packets
    if (!packet) throw new TypeError(`${counter} is not kept`)
    return packet
  }

  hand(to: StagedNode, from: PlayedNeighbour, bytes: Uint8Array): void {
    const header = readMeshPacket(bytes)
    if (isWireFault(header)) throw header
    to.gossip.receive(from, header, bytes.slice())
  }
}

export function rowsOf({ address, epoch }: StagedNode, ranges: readonly CounterRange[]): BroadcastRows {
  return { origin: address, epoch, fleeting: false, ranges }
}
