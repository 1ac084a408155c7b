// A neighbour that keeps the rules of links and breaks those of routing: it proves who it is, and then tells whatever makes
// trouble. It carries nothing for others. What it cannot do is sign for somebody else.

import type { Channel } from '../../channel/channel.ts'
import { addressOf, drawTab, whoOf } from '../../identity/address.ts'
import { seq48Of, type MemberRecord } from '../../identity/member-record.ts'
import { signRecord } from '../../identity/signed-record.ts'
import type { ProvenRecord } from '../../link/link-owner.ts'
import { ChannelLink } from '../../link/channel-link.ts'
import type { Link } from '../../link/link.ts'
import { ReadingTurns } from '../../link/reading-turns.ts'
import { silentLog } from '../../ports/log.ts'
import type { KeyPair } from '../../ports/crypto.ts'
import type { CapableIdentity } from '../../routing/capable-identity.ts'
import { metricInfinite, type ControlMessage, type RouteEntry } from '../../wire/control.ts'
import type { SeededDice } from '../seeded-dice.ts'
import { toyKeyPair } from '../toy-crypto.ts'
import type { SimNode } from './sim-node.ts'
import { atOnce } from './sim-world.ts'

export const lies = [
  'short metrics',
  'forged numbers',
  'foreign addresses',
  'strangers',
  'withdrawals',
  'old numbers',
  'requests',
  'pulls',
  'refreshes',
  'pings',
  'records unasked',
  'a dump of rows',
] as const

export type Lie = (typeof lies)[number]

/** Of one burst. */
const burst = 50
const rowsOfDump = 1_000

export class LyingNode {
  readonly address: string
  readonly #identity: CapableIdentity
  readonly #node: SimNode
  readonly #dice: SeededDice
  readonly #links = new Set<Link>()
  /** What it heard, to tell it in its own way. */
  readonly #records = new Map<string, ProvenRecord>()
  readonly #own: Uint8Array

  constructor(identity: CapableIdentity, node: SimNode, dice: SeededDice) {
    this.address = identity.address
    this.#identity = identity
    this.#node = node
    this.#dice = dice
    this.#own = this.#record(identity.keyPair, identity.address, seq48Of(identity.epoch, 0)).bytes
  }

  addChannel(channel: Channel): void {
    const { crypto, exchangeKeys, network } = this.#identity
    const link = new ChannelLink(channel, {
      identity: { crypto, exchangeKeys, network, address: this.address, record: () => this.#own },
      clock: this.#node.clock,
      dice: this.#dice,
      log: silentLog,
      reading: new ReadingTurns(this.#node.clock),
      plainGreeting: () => [],
      joined: (joined, proof) => {
        this.#links.add(joined)
        this.#keep(proof)
        joined.sendControl({ type: 'routes', entries: [this.#entry(this.address, seq48Of(this.#identity.epoch, 0), 0)], complete: false })
        return undefined
      },
      plain: () => undefined,
      upgraded: () => {},
      control: (from, message) => this.#control(from, message),
      told: () => ({ hash: 1, count: 1 }),
      heard: () => {},
      expects: () => true,
      records: (_from, proofs) => proofs.forEach((proof) => this.#keep(proof)),
      left: () => {},
      packet: () => {},
      plainPacket: () => {},
      closed: (closed) => void this.#links.delete(closed),
      fault: () => {},
    })
    link.open()
  }

  /** Tells one neighbour, or all of them, one lie. */
  lie(lie: Lie): void {
    const links = this.#dice.chance(0.5) ? [...this.#links] : [...this.#links].slice(0, 1)
    for (const link of links) this.#tell(link, lie)
  }

  #tell(link: Link, lie: Lie): void {
    const known = [...this.#records.values()].map(({ record }) => record)
    const routes = (entries: RouteEntry[], complete = false): void => link.sendControl({ type: 'routes', entries, complete })
    const repeat = (message: () => ControlMessage): void => {
      for (let times = 0; times < burst; times += 1) link.sendControl(message())
    }
    const addresses = Array.from({ length: burst }, () => this.#stranger())
    switch (lie) {
      case 'short metrics':
        return routes(known.map(({ address, seq48 }) => this.#entry(address, seq48, 1)))
      case 'forged numbers':
        return routes(known.map(({ address, seq48 }) => this.#entry(address, seq48 + this.#dice.between(1, 100_000), 1)))
      case 'foreign addresses':
        return routes(addresses.map(({ address }) => this.#entry(address, 1, 1)))
      case 'strangers':
        for (const { address, keyPair } of addresses.slice(0, 10)) this.#keep(this.#record(keyPair, address, 1))
        return this.#tell(link, 'short metrics')
      case 'withdrawals':
        return routes(
          known.map(({ address, seq48 }) => this.#entry(address, seq48, metricInfinite)),
          this.#dice.chance(0.5),
        )
      case 'old numbers':
        return routes(known.map(({ address, seq48 }) => this.#entry(address, Math.max(0, seq48 - this.#dice.between(1, 70_000)), 1)))
      case 'requests':
        for (const { address, seq48 } of known)
          link.sendControl({ type: 'request', destination: address, seq48: seq48 + this.#dice.between(1, 9), hops: 255 })
        return
      case 'pulls':
        return repeat(() => ({ type: 'pull', wanted: known.map(({ address, seq48 }) => ({ address, seq48 })) }))
      case 'refreshes':
        return repeat(() => ({ type: 'refresh' }))
      case 'pings':
        return repeat(() => ({ type: 'ping', nonce: this.#dice.between(0, 9), told: { hash: this.#dice.uint32(), count: 3 } }))
      case 'records unasked':
        return link.sendControl({ type: 'records', records: [...this.#records.values()].map(({ bytes }) => bytes) })
      case 'a dump of rows':
        return routes(
          Array.from({ length: rowsOfDump }, (_, row) => this.#entry(`k${String(row).padStart(26, 'a')}.aaaa`, row, row)),
          true,
        )
    }
  }

  #control(from: Link, message: Exclude<ControlMessage, { type: 'records' | 'ping' | 'pong' }>): void {
    if (message.type === 'pull') {
      const records = message.wanted.flatMap(({ address }) => this.#records.get(address)?.bytes ?? [])
      if (records.length > 0) from.sendControl({ type: 'records', records })
    } else if (message.type === 'routes') {
      const wanted = message.entries.map(({ destination, seq48 }) => ({ address: destination, seq48 })).slice(0, 64)
      if (wanted.length > 0) from.sendControl({ type: 'pull', wanted })
    }
  }

  #keep(proof: ProvenRecord): void {
    if (this.#records.size < 100) this.#records.set(proof.record.address, proof)
  }

  #entry(destination: string, seq48: number, metric: number): RouteEntry {
    return { destination, seq48, metric, hops: 1 }
  }

  #stranger(): { readonly address: string; readonly keyPair: KeyPair } {
    const keyPair = toyKeyPair(this.#dice.bytes(32))
    return { keyPair, address: addressOf(atOnce(whoOf(keyPair.publicKey, this.#identity.crypto)), drawTab(this.#dice)) }
  }

  #record(keyPair: KeyPair, address: string, seq48: number): ProvenRecord {
    const { network, exchangeKeys } = this.#identity
    const record: MemberRecord = {
      network,
      address: address as MemberRecord['address'],
      publicKey: keyPair.publicKey,
      exchangeKey: exchangeKeys.publicKey,
      seq48,
      kind: 'member',
      name: 'liar',
      capabilities: [],
      services: [],
      plainHosts: [],
    }
    return { record, bytes: atOnce(signRecord(record, keyPair)) }
  }
}
