import { Router, addressOf, drawTab, whoOf, type Clock, type Crypto } from '@hopmesh/core'
import { lateParts } from '@hopmesh/core/late'
import { toyKeyPair, type SeededDice } from '@hopmesh/core/testing'

export interface ToyRouterParts {
  readonly clock: Clock
  readonly dice: SeededDice
  /** The toy port's, or something around it: what is measured is what a router says and keeps. */
  readonly crypto: Crypto
}

export function toyRouter(name: string, kind: 'member' | 'relay', { clock, dice, crypto }: ToyRouterParts): Router {
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
    epoch: Math.floor(clock.wallTime() / 1_000),
    name,
    capabilities: [],
    crypto,
  }
  return new Router(identity, { clock, dice, plain: () => lateParts.plain })
}
