// For those who work packet by packet: routers and channels of this process, as ALN's own libraries have them.

import { MeshError, Router, answerQuestions, memoryChannelPair } from '@hopmesh/core'
import type { Address, Channel, ExchangeKeys } from '@hopmesh/core'
import { lateParts } from '@hopmesh/core/late'
import { nodeCrypto, nodeKeyPair } from './node-crypto.ts'
import { noKeyHash } from './relay/networks.ts'
import { nodeClock, nodeDice } from './system-ports.ts'

export interface RouterSettings {
  /** Of other hopmesh nodes that it links to; plain ALN knows no networks. Default 'default'. */
  readonly network?: string | undefined
}

/**
 * An ALN node under a name of its own choice, which must be unique: over any channel, with plain ALN nodes and with
 * hopmesh, in networks without a key. Its keys live as long as the process. Throws INVALID_OPTION for a name that has the form of a
 * member's address, and for a `key`. A node of a network with a key refuses its links: `link.up` rejects with NETWORK_KEY_MISMATCH, or
 * PLAIN_REFUSED where it came as a plain node.
 */
export function createRouter(address: string, settings: RouterSettings = {}): Router {
  checkSettings(settings)
  if (!/^[\x21-\x7e]{1,100}$/.test(address) || /^k[a-z2-7]{26}(\..*)?$/.test(address)) {
    throw new MeshError(
      'INVALID_OPTION',
      `'${address}' cannot name a node: 1 to 100 visible ASCII characters, and not the form of a member's address`,
    )
  }
  const crypto = nodeCrypto()
  const network = settings.network ?? 'default'
  const router = new Router(
    {
      address: address as Address,
      keyPair: nodeKeyPair(nodeDice.bytes(32)),
      // This port answers at once.
      exchangeKeys: crypto.generateExchangeKeys() as ExchangeKeys,
      network: { name: network, keyHash: noKeyHash },
      kind: 'named',
      epoch: Math.floor(nodeClock.wallTime() / 1_000),
      name: '',
      capabilities: [],
      crypto,
    },
    { clock: nodeClock, dice: nodeDice, plain: () => lateParts.plain },
  )
  answerQuestions(router, { kind: 'plain', name: address, network, clock: nodeClock })
  return router
}

/** What such a node says has no sessions, so everybody on the way could read it: nothing for a network that keeps strangers out. */
function checkSettings(settings: RouterSettings): void {
  if ('key' in settings) {
    throw new MeshError(
      'INVALID_OPTION',
      'a router under a name of its own is for networks without a key: with one, joinMesh({ network, key }) and its mesh.router',
    )
  }
  const unknown = Object.keys(settings).filter((name) => name !== 'network')
  if (unknown.length > 0) throw new MeshError('INVALID_OPTION', `there is no option '${unknown.join("', '")}'; there is network`)
}

/** The two ends of a pipe inside this process: KISS over bytes, as over TCP. */
export function localChannels(): [Channel, Channel] {
  return memoryChannelPair(nodeClock, { carries: 'stream', label: 'local' })
}
