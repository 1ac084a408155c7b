// Receipts on their way to who asked for them: hop by hop, along the routes, those of many members together. Who passes them on
// neither reads nor believes them; the origin of the broadcast verifies each.

import { RecentMap } from '../bytes/recent-map.ts'
import { run, type Steps } from '../async/awaitable.ts'
import { OrderedQueue } from '../async/ordered-queue.ts'
import { readReceipt, receiptHolds, signReceipt, type Receipt } from '../identity/receipt-proof.ts'
import type { MemberRecord } from '../identity/member-record.ts'
import type { WireNetwork } from '../identity/wire-network.ts'
import type { Clock } from '../ports/clock.ts'
import type { Crypto, KeyPair } from '../ports/crypto.ts'
import { gossipReceiptsMax, type BroadcastRows } from '../wire/gossip-control.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import { TokenBucket } from '../async/token-bucket.ts'
import { lifeKey } from './broadcast-key.ts'
import { receiptHopsMax, receiptsAtOnce, receiptsEveryMs, receiptsPerSecond, receiptsWaitingMax } from './gossip-limits.ts'
import type { GossipNeighbour } from './gossip-neighbour.ts'

export interface ReceiptsPort<N> {
  /** The way to a member. */
  nextHop(address: string): N | undefined
  record(address: string): MemberRecord | undefined
  whenProven(address: string, neighbour: N, settle: { proven: () => void; giveUp: () => void }): void
  /** A receipt for this node, proven. */
  taken(receipt: Receipt): void
  fault(code: string, message: string): void
}

export interface ReceiptsIdentity {
  readonly address: string
  readonly network: WireNetwork
  readonly crypto: Crypto
  readonly keyPair: KeyPair
}

export class Receipts<N extends GossipNeighbour> {
  readonly #identity: ReceiptsIdentity
  readonly #clock: Clock
  readonly #port: ReceiptsPort<N>
  /** By whose it is and what it is about: a later one says all that an earlier one said. */
  readonly #waiting = new RecentMap<string, { readonly origin: string; readonly bytes: Uint8Array }>(receiptsWaitingMax)
  readonly #proving = new OrderedQueue(receiptsWaitingMax)
  readonly #budgets = new Map<N, TokenBucket>()
  #cancel: (() => void) | undefined

  constructor(identity: ReceiptsIdentity, clock: Clock, port: ReceiptsPort<N>) {
    this.#identity = identity
    this.#clock = clock
    this.#port = port
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** This node has these. */
  acknowledge(rows: BroadcastRows): void {
    const { address } = this.#identity
    const receipt = { from: address, rows }
    const steps = this.#signSteps.bind(this)
    const signed = run(steps(receipt))
    if (signed instanceof Promise)
      signed.catch((error: unknown) => this.#port.fault('LINK_FAILED', `a receipt cannot be signed: ${String(error)}`))
  }

  /** Each begins with the links that it may still cross. */
  receive(neighbour: N, receipts: readonly Uint8Array[]): void {
    const now = this.#clock.now()
    const budget = this.#budgets.get(neighbour) ?? new TokenBucket(receiptsPerSecond, receiptsAtOnce, now)
    this.#budgets.set(neighbour, budget)
    for (const bytes of receipts) {
      const receipt = readReceipt(bytes.subarray(1))
      if (isWireFault(receipt)) this.#port.fault(receipt.code, `${neighbour.address}: ${receipt.detail}`)
      else if (!budget.take(1, now))
        return this.#port.fault('QUEUE_FULL', `${neighbour.address} hands over more receipts than are passed on`)
      else if (receipt.rows.origin === this.#identity.address) this.#proveLater(neighbour, receipt, bytes.subarray(1))
      else if (bytes[0]! > 1) this.#pass(receipt, bytes.with(0, Math.min(bytes[0]!, receiptHopsMax) - 1))
    }
  }

  leave(neighbour: N): void {
    this.#budgets.delete(neighbour)
  }

  stop(): void {
    this.#cancel?.()
    this.#waiting.clear()
    this.#proving.clear()
  }

  *#signSteps(receipt: Receipt): Steps<void> {
    const signed = yield* signReceipt(receipt, this.#identity)
    const bytes = new Uint8Array(1 + signed.length)
    bytes[0] = receiptHopsMax
    bytes.set(signed, 1)
    this.#pass(receipt, bytes)
  }

  #pass({ from, rows }: Receipt, bytes: Uint8Array): void {
    this.#waiting.set(`${lifeKey(rows)} ${from}`, { origin: rows.origin, bytes })
    this.#cancel ??= this.#clock.setTimer(receiptsEveryMs, () => this.#send())
  }

  #send(): void {
    this.#cancel = undefined
    const ways = new Map<N, Uint8Array[]>()
    for (const { origin, bytes } of this.#waiting.values()) {
      const next = this.#port.nextHop(origin)
      if (!next) continue
      const receipts = ways.get(next) ?? []
      ways.set(next, receipts)
      receipts.push(bytes)
    }
    this.#waiting.clear()
    for (const [{ link }, receipts] of ways) {
      for (let at = 0; at < receipts.length; at += gossipReceiptsMax)
        link.sendControl({ type: 'receipts', receipts: receipts.slice(at, at + gossipReceiptsMax) })
    }
  }

  #proveLater(neighbour: N, receipt: Receipt, bytes: Uint8Array): void {
    const record = this.#port.record(receipt.from)
    if (record) return this.#prove(receipt, bytes, record)
    const giveUp = (): void => this.#port.fault('UNPROVEN', `a receipt of ${receipt.from}, of whom there is no proof`)
    const proven = (): void => {
      const found = this.#port.record(receipt.from)
      if (found) this.#prove(receipt, bytes, found)
      else giveUp()
    }
    this.#port.whenProven(receipt.from, neighbour, { proven, giveUp })
  }

  #prove(receipt: Receipt, bytes: Uint8Array, record: MemberRecord): void {
    const { network, publicKey } = record
    const { crypto } = this.#identity
    const { taken, fault } = this.#port
    const steps = function* (): Steps<void> {
      if (yield* receiptHolds(bytes, { network, publicKey, crypto })) taken(receipt)
      else fault('bad-signature', `a receipt of ${receipt.from}`)
    }
    const kept = this.#proving.push(() => {
      const proven = run(steps())
      return proven instanceof Promise
        ? proven.catch((error: unknown) => fault('LINK_FAILED', `a receipt cannot be verified: ${String(error)}`))
        : undefined
    })
    if (!kept) fault('QUEUE_FULL', `more than ${receiptsWaitingMax} receipts wait to be verified`)
  }
}
