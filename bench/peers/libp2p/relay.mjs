// The relay of the libp2p side, in a process of its own as ours is.
import { relayNode } from './node.mjs'

const relay = await relayNode()
console.log(JSON.stringify({ ready: true, ws: relay.getMultiaddrs()[0].toString() }))
