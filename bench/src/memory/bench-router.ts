import { Router, addressOf, drawTab, whoOf } from '@hopmesh/core'
import { SeededDice, deafCrypto, toyCrypto, toyKeyPair } from '@hopmesh/core/testing'
import { nodeClock } from '@hopmesh/server'

/** A router of this process on real time, with the toy port's cryptography: what is measured is what it keeps. `deaf`: it hears of nobody. */
export function benchRouter(name: string, kind: 'member' | 'relay', deaf = false): Router {
  const dice = new SeededDice(name)
  const crypto = deaf ? deafCrypto(toyCrypto(dice)) : toyCrypto(dice)
  const keyPair = toyKeyPair(dice.bytes(32))
  const exchangeKeys = crypto.generateExchangeKeys()
  const who = whoOf(keyPair.publicKey, crypto)
  if (who instanceof Promise || exchangeKeys instanceof Promise) throw new TypeError('toy cryptography answers at once')
  const identity = {
    address: addressOf(who, drawTab(dice)),
    keyPair,
    exchangeKeys,
    network: { name: 'bench', keyHash: new Uint8Array(16) },
    kind,
    epoch: Math.floor(nodeClock.wallTime() / 1_000),
    name,
    capabilities: [],
    crypto,
  }
  return new Router(identity, { clock: nodeClock, dice })
}
