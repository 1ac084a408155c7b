// What a simulated network is peopled with: relays and bare routers, and the environment that a member's Mesh runs in.
// Keys and epochs outlive a process and belong to its name, as files and browser profiles do.

import type { Channel } from '../../channel/channel.ts'
import { addressOf, drawTab, whoOf } from '../../identity/address.ts'
import type { Address } from '../../identity/address.ts'
import { deriveKeyring } from '../../identity/network-key.ts'
import type { NetworkKeyring } from '../../identity/network-key.ts'
import { wireNetwork } from '../../identity/wire-network.ts'
import type { WireNetwork } from '../../identity/wire-network.ts'
import { relaySessions } from '../../mesh/answering-relay.ts'
import type { Clock } from '../../ports/clock.ts'
import type { KeyPair } from '../../ports/crypto.ts'
import type { CapableIdentity } from '../../routing/capable-identity.ts'
import { plainPart } from '../../routing/plain/plain-part.ts'
import { Router } from '../../routing/router.ts'
import type { RouterOptions } from '../../routing/router.ts'
import type { SeededDice } from '../seeded-dice.ts'
import { MemoryStore } from '../../ports/memory-store.ts'
import { toyCrypto, toyKeyPair } from '../toy-crypto.ts'
import { SimNetwork } from './sim-network.ts'
import type { SimNetworkOptions } from './sim-network.ts'

export interface SimRouterOptions extends Pick<RouterOptions, 'plainNodes' | 'log'> {
  /** Whose key and address it has; its own by default. Two profiles may be copies of one. */
  readonly keyOf?: string | undefined
}

interface StartedSimRouter {
  readonly router: Router
  readonly identity: CapableIdentity
  readonly clock: Clock
  readonly dice: SeededDice
}

/** A network with relays, routers and meshes in it. */
export class SimWorld {
  readonly network: SimNetwork
  readonly wireNetwork: WireNetwork
  /** Of a world whose network has a key; its relays know only the hash. */
  readonly keyring: NetworkKeyring | undefined
  /** Attempts at direct channels that wait for their other half, by offer. */
  readonly peerOffers: Map<string, (channel: Channel) => void> = new Map()
  /** Profiles that are copies: by name that of whose key and suffix it has. */
  readonly copies: Map<string, string> = new Map()
  /** The last epoch that an address used, as its storage would know. */
  readonly epochs: Map<string, number> = new Map()
  /** What the processes of a name keep for each other, by name. */
  readonly stores: Map<string, MemoryStore> = new Map()
  /** Whether two members can ever have a direct channel; there are firewalls in this world, too. */
  mayBeDirect: (one: string, other: string) => boolean = () => true
  readonly #starts = new Map<string, number>()
  #offers = 0

  constructor(
    seed: number | string,
    options: SimNetworkOptions & { readonly network?: string | undefined; readonly key?: Uint8Array | undefined } = {},
  ) {
    const { network = 'default', key } = options
    this.network = new SimNetwork(seed, options)
    this.keyring = key && atOnce(deriveKeyring([{ kind: 'bytes', bytes: key }], network, toyCrypto(this.network.dice)))
    this.wireNetwork = wireNetwork(network, this.keyring?.[0].keyHash)
  }

  storeOf(name: string): MemoryStore {
    const known = this.stores.get(name) ?? new MemoryStore()
    this.stores.set(name, known)
    return known
  }

  nextOffer(): number {
    this.#offers += 1
    return this.#offers
  }

  /** The same for each process of that name. */
  keyPairOf(name: string): KeyPair {
    return toyKeyPair(this.network.dice.fork(`key of ${this.copies.get(name) ?? name}`).bytes(32))
  }

  tabOf(name: string): string {
    return drawTab(this.network.dice.fork(`tab of ${this.copies.get(name) ?? name}`))
  }

  addressOf(name: string): Address {
    const crypto = toyCrypto(this.network.dice)
    return addressOf(atOnce(whoOf(this.keyPairOf(name).publicKey, crypto)), this.tabOf(name))
  }

  /** Dice of one process: the second one of that name rolls differently. */
  diceOf(name: string): SeededDice {
    const start = (this.#starts.get(name) ?? 0) + 1
    this.#starts.set(name, start)
    return this.network.dice.fork(`${name} started ${start}`)
  }

  /**
   * Starts a router in a process of its own that takes every channel dialed to its name; a relay, or a bare member
   * without services of the mesh.
   */
  startRouter(name: string, kind: 'member' | 'relay', options: SimRouterOptions = {}): Router {
    return this.#start(name, kind, options).router
  }

  /** A relay that also answers in sessions, as a real one does. */
  startRelay(name: string): Router {
    const { router, identity, clock, dice } = this.#start(name, 'relay', {})
    relaySessions(router, { identity, clock, dice })
    return router
  }

  #start(name: string, kind: 'member' | 'relay', { keyOf, ...others }: SimRouterOptions): StartedSimRouter {
    const dice = this.diceOf(name)
    const { clock } = this.network.node(name)
    const identity = this.startIdentity(name, kind, dice, keyOf)
    const router = new Router(identity, { clock, dice, plain: () => plainPart, ...others })
    this.network.listen(name, (channel) => void router.addChannel(channel))
    return { router, identity, clock, dice }
  }

  /** Who a process is that starts now: the key of its name, an epoch above its last one, and an exchange key of its own. */
  startIdentity(name: string, kind: 'member' | 'relay', dice: SeededDice, keyOf: string = name): CapableIdentity {
    const crypto = toyCrypto(dice)
    const wallTimeMs = this.network.node(name).clock.wallTime()
    const identity = {
      address: this.addressOf(keyOf),
      keyPair: this.keyPairOf(keyOf),
      exchangeKeys: atOnce(crypto.generateExchangeKeys()),
      network: this.wireNetwork,
      keyring: kind === 'relay' ? undefined : this.keyring,
      kind,
      epoch: Math.max((this.epochs.get(name) ?? 0) + 1, Math.floor(wallTimeMs / 1_000)),
      name,
      capabilities: [],
      crypto,
    }
    this.epochs.set(name, identity.epoch)
    return identity
  }
}

/** The toy crypto answers at once. */
export function atOnce<T>(value: T | Promise<T>): T {
  if (value instanceof Promise) throw new TypeError('The simulator needs a crypto port that answers at once')
  return value
}
