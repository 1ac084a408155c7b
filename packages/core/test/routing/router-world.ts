import { memoryChannelPair, type MemoryChannelOptions } from '../../src/channel/memory-channel.ts'
import { addressOf, drawTab, whoOf, type Address } from '../../src/identity/address.ts'
import type { NetworkKeys } from '../../src/identity/network-key.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import type { Link } from '../../src/link/link.ts'
import type { Crypto, KeyPair } from '../../src/ports/crypto.ts'
import { plainPart } from '../../src/routing/plain/plain-part.ts'
import { Router, type RouterOptions } from '../../src/routing/router.ts'
import { deafCrypto } from '../../src/testing/deaf-crypto.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto } from '../../src/testing/toy-crypto.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { SlowCrypto } from './slow-crypto.ts'

export interface RouterWorldOptions {
  readonly seed?: number
  readonly crypto?: Crypto
  /** Each answer of the crypto port is a promise that takes up to this long. Use `advance`, not `run`. */
  readonly cryptoMsMax?: number
}

export interface TestRouterOptions extends Partial<RouterOptions> {
  readonly network?: string
  /** Of that network; a relay takes no more of them than the hash. */
  readonly keys?: NetworkKeys
  readonly epoch?: number
  /** It hears of nobody, and so costs little: one of a thousand. */
  readonly deaf?: boolean
  /** The key of an earlier router of this world: the same member, in another process. */
  readonly again?: Router
}

/** Routers on one virtual clock, joined by memory channels. */
export class RouterWorld {
  readonly clock = new VirtualClock()
  readonly dice: SeededDice
  readonly crypto: Crypto
  readonly #slow: SlowCrypto | undefined
  readonly #keyPairs = new Map<Router, KeyPair>()

  constructor({ seed = 7, crypto, cryptoMsMax }: RouterWorldOptions = {}) {
    this.dice = new SeededDice(seed)
    this.crypto = crypto ?? toyCrypto(this.dice)
    this.#slow = cryptoMsMax === undefined ? undefined : new SlowCrypto(this.clock, this.dice, cryptoMsMax)
  }

  router(name: string, kind: 'member' | 'relay' | 'named' = 'member', options: TestRouterOptions = {}): Router {
    const { network = 'default', keys, epoch = 1_700_000_000, again, deaf = false, ...others } = options
    const known = again && this.#keyPairs.get(again)
    const keyPair = known ?? now(this.crypto.generateKeyPair())
    const drawn = kind === 'named' ? (name as Address) : addressOf(now(whoOf(keyPair.publicKey, this.crypto)), drawTab(this.dice))
    const identity = {
      address: (again?.address ?? drawn) as Address,
      kind,
      name,
      capabilities: [],
      epoch,
      network: wireNetwork(network, keys?.keyHash),
      keyring: keys && kind !== 'relay' ? ([keys] as const) : undefined,
      exchangeKeys: now(this.crypto.generateExchangeKeys()),
      crypto: this.#slow?.port(this.crypto) ?? (deaf ? deafCrypto(this.crypto) : this.crypto),
      keyPair: this.#slow?.keyPair(keyPair) ?? keyPair,
    }
    const router = new Router(identity, { clock: this.clock, dice: this.dice, plain: () => plainPart, ...others })
    this.#keyPairs.set(router, keyPair)
    return router
  }

  /** Joins two routers; the first one dials. */
  link(a: Router, b: Router, options: MemoryChannelOptions = {}): { dialer: Link; listener: Link } {
    const [dialer, listener] = memoryChannelPair(this.clock, { latencyMs: 10, ...options })
    return { dialer: a.addChannel(dialer), listener: b.addChannel(listener) }
  }

  /** As `link`; the first one dials a relay. */
  relayLink(member: Router, relay: Router): { dialer: Link; listener: Link } {
    const [dialer, listener] = memoryChannelPair(this.clock, { latencyMs: 10 })
    return { dialer: member.addChannel(dialer, { toRelay: true }), listener: relay.addChannel(listener) }
  }

  run(ms: number): void {
    this.clock.runFor(ms)
  }

  /** As `run`, while promises settle. */
  advance(ms: number): Promise<void> {
    return this.clock.advance(ms)
  }
}

export function now<T>(value: T | Promise<T>): T {
  if (value instanceof Promise) throw new TypeError('the toy crypto answers at once')
  return value
}

export function text(data: string | Uint8Array | undefined): string {
  return typeof data === 'string' ? data : new TextDecoder().decode(data)
}
