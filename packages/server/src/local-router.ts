// For those who work packet by packet: routers and channels of this process, as ALN's own libraries have them.

import { Router, memoryChannelPair } from '@hopmesh/core'
import type { Channel } from '@hopmesh/core'
import { nodeClock, nodeDice } from './system-ports.ts'

/** An ALN node under a name of its own choice (it must be unique), over any channel and with any implementation of ALN. */
export function createRouter(address: string): Router {
  return new Router(address, { clock: nodeClock, dice: nodeDice })
}

/** The two ends of a pipe inside this process: KISS over bytes, as over TCP. */
export function localChannels(): [Channel, Channel] {
  return memoryChannelPair(nodeClock, { carries: 'stream', label: 'local' })
}
