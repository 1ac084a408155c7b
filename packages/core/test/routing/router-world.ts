import { memoryChannelPair, type MemoryChannelOptions } from '../../src/channel/memory-channel.ts'
import { addressOf, drawTab, whoOf, type Address } from '../../src/identity/address.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import type { Link } from '../../src/link/link.ts'
import { Router, type RouterOptions } from '../../src/routing/router.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto } from '../../src/testing/toy-crypto.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

/** Routers on one virtual clock, joined by memory channels. */
export class RouterWorld {
  readonly clock = new VirtualClock()
  readonly dice = new SeededDice(7)
  readonly crypto = toyCrypto(this.dice)

  router(name: string, kind: 'member' | 'relay' | 'named' = 'member', options: Partial<RouterOptions> & { network?: string } = {}): Router {
    const keyPair = now(this.crypto.generateKeyPair())
    const address = kind === 'named' ? (name as Address) : addressOf(now(whoOf(keyPair.publicKey, this.crypto)), drawTab(this.dice))
    const identity = {
      address, keyPair, kind, name, crypto: this.crypto, capabilities: [], epoch: 1_700_000_000,
      exchangeKeys: now(this.crypto.generateExchangeKeys()), network: wireNetwork(options.network ?? 'default'),
    }
    return new Router(identity, { clock: this.clock, dice: this.dice, ...options })
  }

  /** Joins two routers; the first one dials. */
  link(a: Router, b: Router, options: MemoryChannelOptions = {}): { dialer: Link; listener: Link } {
    const [dialer, listener] = memoryChannelPair(this.clock, { latencyMs: 10, ...options })
    return { dialer: a.addChannel(dialer), listener: b.addChannel(listener) }
  }

  run(ms: number): void {
    this.clock.runFor(ms)
  }
}

export function now<T>(value: T | Promise<T>): T {
  if (value instanceof Promise) throw new TypeError('the toy crypto answers at once')
  return value
}

export function text(data: string | Uint8Array | undefined): string {
  return typeof data === 'string' ? data : new TextDecoder().decode(data)
}
