// The relay of P9, as `hopmesh relay` starts it, but for the bounds that thousands of members of one machine need. It answers
// each line of input with what it holds.
import { createInterface } from 'node:readline'
import { startRelay } from '@hopmesh/server'
import { heldBytes } from './held-bytes.ts'

const relay = await startRelay({ port: 0, limits: { connectionsMax: 20_000, greetingsPerAddressMax: 1_024, silenceMs: 60_000 } })
const members = (): number => Number(/^hopmesh_members (\d+)$/m.exec(relay.metrics())?.[1] ?? 0)

createInterface({ input: process.stdin }).on('line', () => console.log(JSON.stringify({ members: members(), ...heldBytes() })))
console.log(JSON.stringify({ ready: true, ws: relay.ws }))
