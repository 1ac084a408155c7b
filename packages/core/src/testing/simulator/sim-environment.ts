import type { Channel } from '../../channel/channel.ts'
import { MeshError } from '../../errors/mesh-error.ts'
import type { Environment, OpenedAttempt, PeerAttempt, PeerDialer } from '../../mesh/environment.ts'
import { lateParts } from '../../mesh/late-parts.ts'
import { silentLog } from '../../ports/log.ts'
import type { Log } from '../../ports/log.ts'
import { toyCrypto } from '../toy-crypto.ts'
import type { SimNode } from './sim-node.ts'
import { SimStore } from './sim-store.ts'
import type { SimWorld } from './sim-world.ts'

const attemptTimeoutMs = 15_000

/** Where a relay of that name is dialed: a WebSocket URL, for a mesh takes no other. */
export function simUrl(name: string): string {
  return `ws://${name}`
}

/** The world around a member that runs as the process `name`; a new one for each start of it. */
export function simEnvironment(world: SimWorld, name: string, log: Log = silentLog): Environment {
  const { network } = world
  const node = network.node(name)
  const dice = world.diceOf(name)
  return {
    clock: node.clock,
    dice,
    log,
    crypto: toyCrypto(dice),
    loadIdentity: () => ({
      keyPair: world.keyPairOf(name),
      tab: world.tabOf(name),
      lastEpoch: world.epochs.get(name),
      store: new SimStore(node, world.storeOf(name)),
    }),
    keepEpoch: (_address, epoch) => void world.epochs.set(name, epoch),
    dialRelay(url, signal) {
      const relay = /^ws:\/\/([^/]+)\/?$/.exec(url)?.[1]
      if (relay !== undefined) return network.dial(name, relay, { signal })
      return Promise.reject(new MeshError('INVALID_OPTION', `'${url}' is no address of this world: they look like ${simUrl('relay')}`))
    },
    late: () => lateParts,
    peerDialers: [simPeerDialer(world, node)],
    warnings: [],
  }
}

/** Direct channels: an offer and an answer travel as signals, then a pipe opens if the way between the two is open. */
function simPeerDialer(world: SimWorld, node: SimNode): PeerDialer {
  return { capability: 'sim', open: (attempt) => new SimAttempt(world, node, attempt) }
}

interface Settle {
  resolve(this: void, channel: Channel): void
  reject(this: void, error: MeshError): void
}

class SimAttempt implements OpenedAttempt {
  readonly channel: Promise<Channel>
  readonly #world: SimWorld
  readonly #node: SimNode
  readonly #attempt: PeerAttempt
  readonly #cancelTimer: () => void
  #settle: Settle | undefined
  #offer = ''
  #step: string

  constructor(world: SimWorld, node: SimNode, attempt: PeerAttempt) {
    this.#world = world
    this.#node = node
    this.#attempt = attempt
    this.#step = attempt.role === 'dialer' ? 'no answer came' : 'no offer came'
    this.channel = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.#cancelTimer = node.clock.setTimer(attemptTimeoutMs, () => this.#fail('LINK_FAILED', this.#step))
    if (attempt.role === 'dialer') {
      this.#offer = `${node.name} ${world.nextOffer()}`
      attempt.send(`offer ${this.#offer}`)
    }
  }

  signal(signal: string): void {
    const [verb, from, number] = signal.split(' ')
    if (from === undefined || number === undefined) return
    if (verb === 'offer' && this.#attempt.role === 'listener') {
      this.#offer = `${from} ${number}`
      this.#step = 'the way between the two is not open'
      this.#world.peerOffers.set(this.#offer, (channel) => this.#succeed(channel))
      this.#attempt.send(`answer ${this.#node.name} ${number}`)
    } else if (verb === 'answer' && this.#attempt.role === 'dialer') this.#connect(from)
  }

  cancel(): void {
    this.#fail('ABORTED', 'given up')
  }

  #connect(other: string): void {
    const { network, peerOffers } = this.#world
    this.#step = 'the way between the two is not open'
    const there = network.path(this.#node.name, other)
    const back = network.path(other, this.#node.name)
    if (!this.#world.mayBeDirect(this.#node.name, other)) return
    this.#node.clock.setTimer(there.latencyMs + back.latencyMs, () => {
      const accept = peerOffers.get(this.#offer)
      const listenerNode = network.running(other)
      if (this.#settle === undefined || accept === undefined || listenerNode === undefined) return
      if (there.state !== 'open' || back.state !== 'open') return
      const [dialer, listener] = network.connect(this.#node.name, other, { medium: 'webrtc' })
      listenerNode.perform(() => accept(listener))
      this.#succeed(dialer)
    })
  }

  #succeed(channel: Channel): void {
    const settle = this.#end()
    if (settle === undefined) channel.close('nobody waits for it')
    else settle.resolve(channel)
  }

  #fail(code: 'LINK_FAILED' | 'ABORTED', why: string): void {
    this.#end()?.reject(new MeshError(code, `A direct channel from ${this.#node.name}: ${why}`))
  }

  #end(): Settle | undefined {
    const settle = this.#settle
    this.#settle = undefined
    this.#cancelTimer()
    if (this.#attempt.role === 'listener') this.#world.peerOffers.delete(this.#offer)
    return settle
  }
}
