// One router per network: no table, counter or name is shared between two of them.

import {
  MemoryBudget,
  MeshError,
  relayHeldBytesMax,
  Router,
  addressOf,
  answerQuestions,
  drawTab,
  isNetworkName,
  relaySessions,
} from '@hopmesh/core'
import type { Address, CapableIdentity, Clock, Dice, Log, RouterLink, WireNetwork } from '@hopmesh/core'
import { lateParts } from '@hopmesh/core/late'
import type { NetworkPin } from './pinned-networks.ts'
import type { RelayIdentity } from './relay-identity.ts'

export interface NetworksOptions {
  readonly identity: RelayIdentity
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  /** Only these, or any when undefined; with a pin only by its keys. */
  readonly pins: ReadonlyMap<string, NetworkPin | undefined> | undefined
  /** In networks with a key only where the pin has the key itself. */
  readonly plainNodes: 'accept' | 'refuse'
  readonly networksMax: number
  readonly networkIdleMs: number
  onFault(code: string, message: string, network: string): void
}

interface Room {
  readonly name: string
  readonly router: Router
  readonly sessions: { close(): void }
  idleSince: number | undefined
  /** When its members were told last that others use another key. */
  toldAt: number
}

/** A stranger may cause it: the members of one network hear of other keys no more often. */
const tellEveryMs = 60_000

/** 16 zero bytes: a network without a key. */
export const noKeyHash: Uint8Array = new Uint8Array(16)

export class Networks {
  readonly #options: NetworksOptions
  readonly #rooms = new Map<string, Room>()
  readonly #memory = new MemoryBudget(relayHeldBytesMax)

  constructor(options: NetworksOptions) {
    this.#options = options
  }

  /** The router of a network, made when it is asked for first. Throws NETWORK_MISMATCH, NETWORK_KEY_MISMATCH, INVALID_OPTION or BUSY. */
  router(network: WireNetwork): Router {
    const pin = this.#options.pins?.get(network.name)
    if (pin && !pin.keyHashes.some((keyHash) => Buffer.from(keyHash).equals(network.keyHash))) {
      throw new MeshError('NETWORK_KEY_MISMATCH', `The network '${network.name}' has another key at this relay`)
    }
    return this.#room(network, pin)
  }

  /** The router that a plain node belongs to, which knows names only. Whether it is let in is the router's affair. */
  plainRouter(name: string): Router {
    return this.#room({ name, keyHash: noKeyHash }, this.#options.pins?.get(name))
  }

  /** The network of a plain node that selected none. */
  get plainDefault(): string {
    const [only, ...others] = this.#options.pins?.keys() ?? []
    return only !== undefined && others.length === 0 ? only : 'default'
  }

  /**
   * A member came in. When others are here under the same name with another key, all of them are told (SE8): it is two
   * networks, and likely not meant so.
   */
  joined(router: Router, link: RouterLink): void {
    const room = [...this.#rooms.values()].find((one) => one.router === router)
    const strangers = [...this.#rooms.values()].filter((one) => one !== room && one.name === room?.name && one.router.links().length > 0)
    if (room === undefined || strangers.length === 0) return
    tell(link, room.name)
    const now = this.#options.clock.now()
    for (const other of strangers) {
      if (now - other.toldAt < tellEveryMs) continue
      other.toldAt = now
      for (const one of other.router.links()) tell(one, other.name)
    }
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
    const rooms = [...this.#rooms.values()]
    this.#rooms.clear()
    for (const { sessions } of rooms) sessions.close()
    await Promise.all(rooms.map(({ router }) => router.close({ code: 'RESTARTING', text: 'the relay stops or restarts' })))
  }

  #room(network: WireNetwork, pin: NetworkPin | undefined): Router {
    const id = pin ? `pinned ${network.name}` : roomId(network)
    const known = this.#rooms.get(id)
    if (known !== undefined) {
      known.idleSince = undefined
      return known.router
    }
    this.#check(network)
    const { router, sessions } = this.#open(network, pin)
    this.#rooms.set(id, { name: network.name, router, sessions, idleSince: undefined, toldAt: Number.NEGATIVE_INFINITY })
    return router
  }

  #check(network: WireNetwork): void {
    const { pins, networksMax } = this.#options
    if (pins !== undefined && !pins.has(network.name)) {
      throw new MeshError('NETWORK_MISMATCH', `This relay does not serve the network '${network.name}'`)
    }
    if (!isNetworkName(network.name)) throw new MeshError('INVALID_OPTION', "A network name has 1 to 64 bytes and no '/'")
    if (this.#rooms.size < networksMax) return
    for (const [id, room] of this.#rooms) {
      if (room.router.links().length === 0) return this.#forget(id, room)
    }
    throw new MeshError('BUSY', `This relay serves ${networksMax} networks already`)
  }

  #open(network: WireNetwork, pin: NetworkPin | undefined): Pick<Room, 'router' | 'sessions'> {
    const { identity, clock, dice, log, onFault } = this.#options
    const address: Address = addressOf(identity.who, drawTab(dice))
    const [keyHash, ...otherKeyHashes] = pin?.keyHashes ?? [network.keyHash]
    const named = { network: { name: network.name, keyHash }, otherKeyHashes, keyring: pin?.keyring }
    const open = pin ? pin.keyring !== undefined : keyHash.every((byte) => byte === 0)
    const plainNodes = open ? this.#options.plainNodes : 'refuse'
    const self: CapableIdentity = { ...identity, ...named, address, kind: 'relay', name: 'relay', capabilities: [] }
    const router = new Router(self, { clock, dice, log, plain: () => lateParts.plain, plainNodes, memory: this.#memory })
    const sessions = relaySessions(router, { identity: self, clock, dice, log })
    answerQuestions(router, { kind: 'relay', name: 'relay', network: network.name, clock })
    router.on('fault', (fault) => onFault(fault.code, fault.message, network.name))
    return { router, sessions }
  }

  #forget(id: string, room: Room): void {
    this.#rooms.delete(id)
    room.sessions.close()
    void room.router.close()
  }
}

function tell(link: RouterLink, name: string): void {
  const text = `others at this relay use another key, or none, for the network '${name}': they and you do not see each other`
  link.sendControl({ type: 'notice', code: 'NETWORK_KEY_MISMATCH', text })
}

function roomId(network: WireNetwork): string {
  return `${Buffer.from(network.keyHash).toString('hex')} ${network.name}`
}
