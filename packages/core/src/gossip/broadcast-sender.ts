import { run, type Steps } from '../async/awaitable.ts'
import { OrderedQueue } from '../async/ordered-queue.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { TokenBucket } from '../async/token-bucket.ts'
import type { Clock } from '../ports/clock.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import type { BroadcastId, BroadcastLife } from '../wire/gossip-control.ts'
import { encodeMeshPacket, hopLimitStart } from '../wire/mesh-packet.ts'
import type { Packet } from '../wire/packet.ts'
import { broadcastsWaitingMax, ownBytesAtOnce, ownBytesPerSecond } from './gossip-limits.ts'
import type { GossipNeighbour } from './gossip-neighbour.ts'
import { OwnWords, type Speaker } from './own-words.ts'
import { sharedTree } from './trees.ts'

export interface BroadcastSenderPort {
  /** Of this node's record as it is now. */
  epoch(): number
  /** The lowest counter of a life that is still kept. */
  lowestOf(life: BroadcastLife): number | undefined
  neighbours(): Iterable<GossipNeighbour>
  send(id: BroadcastId, said: { readonly tree: string; readonly packet: Uint8Array }): void
}

export interface BroadcastSenderParts {
  readonly identity: Speaker
  readonly clock: Clock
  readonly dice: Dice
}

/** What this node says to all, from the call to the signed packet. */
export class BroadcastSender {
  readonly #identity: Speaker
  readonly #clock: Clock
  readonly #port: BroadcastSenderPort
  readonly #words: OwnWords
  /** In the order of the calls, also where signing takes a while. */
  readonly #leaving = new OrderedQueue(broadcastsWaitingMax)
  readonly #allowed: TokenBucket
  #stopped = false

  constructor({ identity, clock, dice }: BroadcastSenderParts, port: BroadcastSenderPort) {
    this.#identity = identity
    this.#clock = clock
    this.#port = port
    this.#words = new OwnWords(identity, clock, dice)
    this.#allowed = new TokenBucket(ownBytesPerSecond, ownBytesAtOnce, clock.now())
  }

  say(packet: Packet, fleeting: boolean): Awaitable<BroadcastId | MeshError> {
    let answer: Awaitable<BroadcastId | MeshError> | undefined
    let settle: ((answer: Awaitable<BroadcastId | MeshError>) => void) | undefined
    const taken = this.#leaving.push(() => {
      answer = run(this.#saySteps(packet, fleeting))
      settle?.(answer)
      return answer instanceof Promise ? answer.then(() => {}) : undefined
    })
    if (!taken) return new MeshError('QUEUE_FULL', `more than ${broadcastsWaitingMax} broadcasts wait to be signed`)
    return answer ?? new Promise((resolve) => (settle = resolve))
  }

  /** What is being signed is not sent any more. */
  stop(): void {
    this.#stopped = true
  }

  *#saySteps(packet: Packet, fleeting: boolean): Steps<BroadcastId | MeshError> {
    try {
      const { address } = this.#identity
      const body = typeof packet.data === 'string' ? new TextEncoder().encode(packet.data) : (packet.data ?? new Uint8Array(0))
      const links = [...this.#port.neighbours()]
      if (links.length > 0 && links.every(({ link }) => link.full)) {
        return new MeshError('QUEUE_FULL', `${links[0]?.address} does not take packets fast enough, and there is no other link`)
      }
      if (!this.#allowed.take(body.length, this.#clock.now())) {
        return new MeshError('QUEUE_FULL', `more than ${ownBytesPerSecond} bytes in a second are said to all`)
      }
      const words = { service: packet.service ?? '', body, fleeting }
      const lowest = (epoch: number): number | undefined => this.#port.lowestOf({ origin: address, epoch, fleeting })
      const said = yield* this.#words.say(words, { epoch: this.#port.epoch(), lowest })
      if (said instanceof MeshError) return said
      if (this.#stopped) return new MeshError('CLOSED', 'the router is closed')
      const { head, data } = said
      const told = { ...packet, srcAddr: address, destAddr: undefined, data }
      const bytes = encodeMeshPacket({ hopLimit: hopLimitStart, broadcast: true }, told).slice()
      const id = { origin: address, epoch: head.epoch, fleeting, counter: head.counter }
      this.#port.send(id, { tree: head.ownTree ? address : sharedTree, packet: bytes })
      return id
    } catch (error) {
      // A packet that no wire can carry is found out when it is encoded; a key store may fail.
      return error instanceof MeshError
        ? error
        : new MeshError('LINK_FAILED', `a broadcast cannot be signed: ${String(error)}`, { cause: error })
    }
  }
}
