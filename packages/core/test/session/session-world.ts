import { addressOf, drawTab, whoOf } from '../../src/identity/address.ts'
import { seq48Of, type MemberRecord } from '../../src/identity/member-record.ts'
import { signRecord } from '../../src/identity/signed-record.ts'
import { deriveKeyring, networkKeySources } from '../../src/identity/network-key.ts'
import { wireNetwork, type WireNetwork } from '../../src/identity/wire-network.ts'
import type { Crypto, ExchangeKeys, KeyPair } from '../../src/ports/crypto.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { Session } from '../../src/session/session.ts'
import type { SessionIdentity } from '../../src/session/session-handshake.ts'
import type { SessionStream } from '../../src/session/session-stream.ts'
import { Sessions, type SessionsOptions } from '../../src/session/sessions.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto } from '../../src/testing/toy-crypto.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { SlowCrypto } from '../routing/slow-crypto.ts'
import { now } from '../routing/router-world.ts'

export interface Weather {
  /** One way. */
  latencyMs: number
  /** Up to so much more, drawn for each packet: this is what reorders. */
  jitterMs: number
  loss: number
  doubled: number
  /** 0: no limit. */
  bytesPerMs: number
}

export interface NodeOptions {
  readonly network?: WireNetwork
  /** Of the network, 32 bytes each: the first speaks. */
  readonly keys?: readonly Uint8Array[]
  /** The same address and key as this node: another process of it. */
  readonly again?: WorldNode
  readonly epoch?: number
  /** A relay: it knows the key hash of `keys`, and none of the keys. */
  readonly relay?: boolean
  readonly record?: Partial<MemberRecord>
  readonly sessions?: Partial<SessionsOptions>
  readonly via?: string
}

export interface WorldNode {
  readonly address: string
  readonly keyPair: KeyPair
  readonly exchangeKeys: ExchangeKeys
  readonly identity: SessionIdentity
  readonly sessions: Sessions
  readonly messages: { readonly from: string; readonly data: Uint8Array }[]
  readonly datagrams: Uint8Array[]
  readonly streams: SessionStream[]
  readonly ended: string[]
  readonly faults: string[]
  /** While false nothing reaches it and nothing leaves it. */
  isUp: boolean
}

export interface Crossing {
  readonly from: string
  readonly to: string
  readonly data: Uint8Array
}

/** Members on a virtual clock and nothing but a bad network between them. */
export class SessionWorld {
  readonly clock: VirtualClock
  readonly dice: SeededDice
  readonly crypto: Crypto
  readonly weather: Weather = { latencyMs: 25, jitterMs: 0, loss: 0, doubled: 0, bytesPerMs: 0 }
  /** Sees every packet first; undefined takes it away. */
  tap: (crossing: Crossing) => Uint8Array | undefined = ({ data }) => data
  carried = 0
  readonly #nodes = new Map<string, WorldNode>()
  readonly #ears = new Map<string, (crossing: Crossing) => void>()
  #busyUntil = 0

  constructor(options: { seed?: number | string; crypto?: Crypto; cryptoMsMax?: number } = {}) {
    this.dice = new SeededDice(options.seed ?? 1)
    this.clock = new VirtualClock()
    const crypto = options.crypto ?? toyCrypto(this.dice.fork('crypto'))
    this.crypto =
      options.cryptoMsMax === undefined ? crypto : new SlowCrypto(this.clock, this.dice.fork('slow'), options.cryptoMsMax).port(crypto)
  }

  node(name: string, options: NodeOptions = {}): WorldNode {
    const network = options.network ?? wireNetwork('garden')
    const plain = toyCrypto(this.dice.fork(`${name} ${this.#nodes.size}`))
    const keyPair = options.again?.keyPair ?? now(plain.generateKeyPair())
    const exchangeKeys = now(plain.generateExchangeKeys())
    const address = options.again?.address ?? addressOf(now(whoOf(keyPair.publicKey, plain)), drawTab(this.dice))
    return this.nodeWith(name, { keyPair, exchangeKeys, address, network }, options)
  }

  nodeWith(
    name: string,
    self: { keyPair: KeyPair; exchangeKeys: ExchangeKeys; address: string; network: WireNetwork },
    options: NodeOptions = {},
  ): WorldNode {
    const { keyPair, exchangeKeys, address } = self
    const keyring = options.keys && now(deriveKeyring(networkKeySources(options.keys), self.network.name, toyCrypto(this.dice)))
    const network = keyring ? wireNetwork(self.network.name, keyring[0].keyHash) : self.network
    const otherKeyHashes = keyring?.slice(1).map(({ keyHash }) => keyHash)
    const record: MemberRecord = {
      network,
      address: address as MemberRecord['address'],
      publicKey: keyPair.publicKey,
      exchangeKey: exchangeKeys.publicKey,
      seq48: seq48Of(options.epoch ?? 1_700_000_000, 0),
      kind: options.relay ? 'relay' : 'member',
      name,
      capabilities: [],
      services: [],
      plainHosts: [],
      ...options.record,
    }
    const seal = keyring && !options.relay ? { crypto: this.crypto, keys: keyring[0] } : undefined
    const signed = signRecord(record, keyPair, seal)
    const identity: SessionIdentity = {
      crypto: this.crypto,
      exchangeKeys,
      network,
      otherKeyHashes,
      keyring: options.relay ? undefined : keyring,
      relay: options.relay,
      address,
      record: () => signed,
    }
    const messages: WorldNode['messages'] = []
    const datagrams: Uint8Array[] = []
    const streams: SessionStream[] = []
    const ended: string[] = []
    const faults: string[] = []
    const sessions = new Sessions({
      clock: this.clock,
      dice: this.dice.fork(`dice of ${name} ${this.#nodes.size} ${this.clock.now()}`),
      log: silentLog,
      self: identity,
      transmit: (to, data) => this.carry({ from: address, to, data: data.slice() }, node),
      message: (from, data) => void messages.push({ from: from.peer, data }),
      datagram: (_, data) => void datagrams.push(data),
      stream: (_, stream) => void streams.push(stream),
      ended: (_session: Session, error) => void ended.push(error.code),
      fault: (code, message) => void faults.push(`${code} ${message}`),
      ...options.sessions,
    })
    const node: WorldNode = { address, keyPair, exchangeKeys, identity, sessions, messages, datagrams, streams, ended, faults, isUp: true }
    this.#nodes.set(address, node)
    return node
  }

  carry(crossing: Crossing, sender?: WorldNode): void {
    this.carried += 1
    if (sender?.isUp === false) return
    const data = this.tap(crossing)
    if (data === undefined) return
    const { loss, doubled } = this.weather
    if (!this.dice.chance(loss)) this.deliver({ ...crossing, data })
    if (this.dice.chance(doubled)) this.deliver({ ...crossing, data })
  }

  /** Past the tap and the dice. */
  deliver({ from, to, data }: Crossing, via = 'relay'): void {
    const { latencyMs, jitterMs, bytesPerMs } = this.weather
    let delayMs = latencyMs + this.dice.random() * jitterMs
    if (bytesPerMs > 0) {
      this.#busyUntil = Math.max(this.#busyUntil, this.clock.now()) + data.length / bytesPerMs
      delayMs += this.#busyUntil - this.clock.now()
    }
    const copy = data.slice()
    this.clock.setTimer(delayMs, () => {
      this.#ears.get(to)?.({ from, to, data: copy })
      const node = this.#nodes.get(to)
      if (node?.isUp) node.sessions.receive({ source: from, via, data: copy })
    })
  }

  /** What is sent to this address goes here: to a peer that keeps to no rules. */
  listen(address: string, ear: (crossing: Crossing) => void): void {
    this.#ears.set(address, ear)
  }

  /** The process is gone without a word. */
  kill(node: WorldNode): void {
    node.isUp = false
    if (this.#nodes.get(node.address) === node) this.#nodes.delete(node.address)
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms)
  }

  async settle<T>(promise: Promise<T>, withinMs = 60_000): Promise<T> {
    let settled = false
    promise.then(
      () => (settled = true),
      () => (settled = true),
    )
    await this.clock.advanceUntil(() => settled, withinMs)
    return promise
  }
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes)
}
