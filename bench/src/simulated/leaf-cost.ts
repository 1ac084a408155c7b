// P12 for a leaf: what a relay sends one of its leaves for each member that goes and comes, as the network grows.
import type { Router } from '@hopmesh/core'
import { SeededDice, SimNetwork, deafCrypto, toyCrypto } from '@hopmesh/core/testing'
import { toyRouter } from '../toy-router.ts'
import { CountedChannel, type Sent } from './counted-channel.ts'

const changes = 20
const changeMs = 2_000
const settleMs = 15_000

/** Bytes of link frames. */
export interface LeafCost {
  /** A member goes, and another comes. */
  readonly change: number
  /** In a minute without changes, signs of life included. */
  readonly restMinute: number
}

class Town {
  readonly #network = new SimNetwork('leaf', { digest: false, latencyMs: 20 })
  readonly #relay = this.#router('relay', 'relay', false)
  #count = 0

  /** `heard`: counts what the relay sends it; without, it is one of the crowd that hears of nobody. */
  join(heard?: Sent): Router {
    const name = `member ${this.#count++}`
    const router = this.#router(name, 'member', heard === undefined)
    const [dialer, listener] = this.#network.connect(name, 'relay')
    router.addChannel(dialer)
    this.#relay.addChannel(heard ? new CountedChannel(listener, heard) : listener)
    return router
  }

  run(ms: number): void {
    this.#network.clock.runFor(ms)
  }

  #router(name: string, kind: 'member' | 'relay', deaf: boolean): Router {
    const dice = new SeededDice(name)
    const crypto = toyCrypto(dice)
    const { clock } = this.#network.node(name)
    return toyRouter(name, kind, { clock, dice, crypto: deaf ? deafCrypto(crypto) : crypto })
  }
}

export function leafCost(count: number): LeafCost {
  const town = new Town()
  const members: Router[] = []
  while (members.length < count) {
    members.push(town.join())
    if (members.length % 50 === 0) town.run(200)
  }
  const heard: Sent = { bytes: 0, aliveBytes: 0, entries: 0, dumps: 0 }
  town.join(heard)
  town.run(settleMs)
  const during = (ms: number, act?: (turn: number) => void): number => {
    const before = heard.bytes
    for (let turn = 0; turn < changes; turn++) {
      act?.(turn)
      town.run(ms / changes)
    }
    return heard.bytes - before
  }
  const restMinute = during(60_000)
  const changing = during(changes * changeMs, (turn) => {
    void members[Math.floor((turn * count) / changes)]?.close()
    members.push(town.join())
  })
  return { change: (changing - (restMinute * changes * changeMs) / 60_000) / changes, restMinute }
}
