import type { Router } from '@hopmesh/core'
import { SeededDice, deafCrypto, toyCrypto } from '@hopmesh/core/testing'
import { nodeClock } from '@hopmesh/server'
import { toyRouter } from '../toy-router.ts'

/** A router of this process on real time. `deaf`: it hears of nobody. */
export function benchRouter(name: string, kind: 'member' | 'relay', deaf = false): Router {
  const dice = new SeededDice(name)
  const crypto = toyCrypto(dice)
  return toyRouter(name, kind, { clock: nodeClock, dice, crypto: deaf ? deafCrypto(crypto) : crypto })
}
