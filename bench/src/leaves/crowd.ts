// Many members, or bare WebSockets, in one process: `node crowd.js members|sockets URL`, and a line of input with a number: so
// many shall there be. Answers when they are. Members hear of nobody, so that this process stays small.
import { createInterface } from 'node:readline'
import { Router, addressOf, drawTab, whoOf, type Crypto } from '@hopmesh/core'
import { deafCrypto } from '@hopmesh/core/testing'
import { dialWebSocket, nodeClock, nodeDice } from '@hopmesh/server'
import { WebSocket } from 'ws'

const [kind = 'members', url = ''] = process.argv.slice(2)
/** A few at a time: a relay gives up who does not greet in time. */
const atOnce = 16
/** No part of what the package exports: apps have no use for it. */
const { nodeCrypto } = (await import(new URL('../../../packages/server/dist/node-crypto.js', import.meta.url).href)) as {
  nodeCrypto: () => Crypto
}
const crypto = deafCrypto(nodeCrypto())

async function openSocket(): Promise<void> {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
}

async function joinRelay(): Promise<void> {
  const keyPair = await crypto.generateKeyPair()
  const address = addressOf(await whoOf(keyPair.publicKey, crypto), drawTab(nodeDice))
  const router = new Router(
    {
      address,
      keyPair,
      exchangeKeys: await crypto.generateExchangeKeys(),
      network: { name: 'bench', keyHash: new Uint8Array(16) },
      kind: 'member',
      epoch: Math.floor(nodeClock.wallTime() / 1_000),
      name: '',
      capabilities: [],
      crypto,
    },
    { clock: nodeClock, dice: nodeDice },
  )
  const stay = async (): Promise<void> => {
    const link = router.addChannel(await dialWebSocket(url), { toRelay: true })
    await link.up
    // On a busy machine a link may be given up; another takes its place.
    void link.down.then(() => setTimeout(() => void again(), 1_000))
  }
  const again = (): Promise<void> => stay().catch(again)
  await stay()
}

let here = 0
createInterface({ input: process.stdin }).on('line', (line) => void grow(Number(line)))

async function grow(count: number): Promise<void> {
  const join = kind === 'members' ? joinRelay : openSocket
  const lane = async (): Promise<void> => {
    while (here < count) {
      here++
      await join().catch(() => void here--)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  console.log(JSON.stringify({ here }))
}

console.log(JSON.stringify({ ready: true }))
