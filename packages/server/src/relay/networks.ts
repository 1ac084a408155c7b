// One router per network: no table, counter or name is shared between two of them.

import { MeshError, Router, addressOf, answerQuestions, drawTab, isNetworkName } from '@hopmesh/core'
import type { Address, Clock, Crypto, Dice, ExchangeKeys, KeyPair, Log, WireNetwork } from '@hopmesh/core'

/** What all networks of one relay have in common. */
export interface RelayIdentity {
  readonly who: string
  readonly keyPair: KeyPair
  readonly exchangeKeys: ExchangeKeys
  readonly epoch: number
  readonly crypto: Crypto
}

export interface NetworksOptions {
  readonly identity: RelayIdentity
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  /** Only these, or any when undefined. */
  readonly names: readonly string[] | undefined
  readonly plainNodes: 'accept' | 'refuse'
  readonly networksMax: number
  readonly networkIdleMs: number
  onFault(code: string, message: string, network: string): void
}

interface Room {
  readonly router: Router
  idleSince: number | undefined
}

/** 16 zero bytes: a network without a key. */
export const noKeyHash: Uint8Array = new Uint8Array(16)

export class Networks {
  readonly #options: NetworksOptions
  readonly #rooms = new Map<string, Room>()

  constructor(options: NetworksOptions) {
    this.#options = options
  }

  /** The router of a network, made when it is asked for first. Throws NETWORK_MISMATCH, INVALID_OPTION or BUSY. */
  router(network: WireNetwork): Router {
    const id = roomId(network)
    const room = this.#rooms.get(id)
    if (room !== undefined) {
      room.idleSince = undefined
      return room.router
    }
    this.#check(network)
    const router = this.#open(network)
    this.#rooms.set(id, { router, idleSince: undefined })
    return router
  }

  /** The network of a plain node that selected none. */
  get plainDefault(): string {
    const names = this.#options.names
    return names?.length === 1 ? (names[0] ?? 'default') : 'default'
  }

  routers(): Router[] {
    return [...this.#rooms.values()].map((room) => room.router)
  }

  /** Forgets networks that nobody is in. Called now and then. */
  sweep(): void {
    const now = this.#options.clock.now()
    for (const [id, room] of this.#rooms) {
      if (room.router.links().length > 0) room.idleSince = undefined
      else if (room.idleSince === undefined) room.idleSince = now
      else if (now - room.idleSince >= this.#options.networkIdleMs) this.#forget(id, room)
    }
  }

  /** Tells every neighbour why, and closes. */
  async close(): Promise<void> {
    const routers = this.routers()
    this.#rooms.clear()
    await Promise.all(routers.map((router) => router.close({ code: 'RESTARTING', text: 'the relay stops or restarts' })))
  }

  #check(network: WireNetwork): void {
    const { names, networksMax } = this.#options
    if (names !== undefined && !names.includes(network.name)) {
      throw new MeshError('NETWORK_MISMATCH', `This relay does not serve the network '${network.name}'`)
    }
    if (!isNetworkName(network.name)) throw new MeshError('INVALID_OPTION', "A network name has 1 to 64 bytes and no '/'")
    if (this.#rooms.size < networksMax) return
    for (const [id, room] of this.#rooms) {
      if (room.router.links().length === 0) return this.#forget(id, room)
    }
    throw new MeshError('BUSY', `This relay serves ${networksMax} networks already`)
  }

  #open(network: WireNetwork): Router {
    const { identity, clock, dice, log, plainNodes, onFault } = this.#options
    const address: Address = addressOf(identity.who, drawTab(dice))
    const router = new Router(
      { ...identity, address, network, kind: 'relay', name: 'relay', capabilities: [] },
      { clock, dice, log, plainNodes },
    )
    answerQuestions(router, { kind: 'relay', name: 'relay', network: network.name, clock })
    router.on('fault', (fault) => onFault(fault.code, fault.message, network.name))
    return router
  }

  #forget(id: string, room: Room): void {
    this.#rooms.delete(id)
    void room.router.close()
  }
}

function roomId(network: WireNetwork): string {
  return `${Buffer.from(network.keyHash).toString('hex')} ${network.name}`
}
