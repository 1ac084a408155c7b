// A neighbour that does its worst, in a process of its own: `node attacker.js KIND ws tcp`. It starts and stops as its
// input says `on` and `off`, and sends as much as the relay takes.
import { createInterface } from 'node:readline'
import { connect } from 'node:net'
import { addressOf, drawTab, encodePacket, frame, netStates, packetToJson, Router, webCrypto, whoOf } from '@hopmesh/core'
import type { Channel, Crypto } from '@hopmesh/core'
import { dialWebSocket, nodeClock, nodeDice } from '@hopmesh/server'
import { WebSocket } from 'ws'
import { InjectedChannel } from './injected-channel.ts'
import { lies, packetsToNowhere } from './hostile-frames.ts'

const [kind = '', ws = '', tcp = ''] = process.argv.slice(2)
const state = { on: false }
let names = 0

/** Sends one piece after the other while it is on, and waits where the transport says so. */
function pump(send: () => boolean, drained: (again: () => void) => void): void {
  const step = (): void => {
    for (let count = 0; state.on && count < 16; count++) if (!send()) return drained(() => setImmediate(step))
    setTimeout(step, state.on ? 0 : 20)
  }
  step()
}

function route(): Uint8Array {
  const name = new TextEncoder().encode(`made up ${names++}`.replaceAll(' ', '-'))
  return frame(encodePacket({ netState: netStates.route, srcAddr: 'flood', data: new Uint8Array([name.length, ...name, 0, 1]) }))
}

function overTcp(piece: () => Uint8Array): void {
  const [host = '', port = ''] = tcp.split(':')
  const open = (): void => {
    const socket = connect({ host, port: Number(port) })
    socket.on('error', () => {})
    // Who is cut off comes again.
    socket.on('close', () => setTimeout(open, 100))
    socket.write(
      frame(encodePacket({ netState: netStates.route, srcAddr: 'flood', data: new Uint8Array([5, 0x66, 0x6c, 0x6f, 0x6f, 0x64, 0, 1]) })),
    )
    pump(
      () => !socket.destroyed && socket.write(piece()),
      (again) => socket.once('drain', again),
    )
  }
  open()
}

function overJson(): void {
  const open = (): void => {
    const socket = new WebSocket(`${ws}/aln/bench`, { perMessageDeflate: false })
    socket.on('error', () => {})
    socket.on('close', () => setTimeout(open, 100))
    socket.on('open', () => {
      socket.send(
        packetToJson({ netState: netStates.route, srcAddr: 'flood', data: new Uint8Array([5, 0x66, 0x6c, 0x6f, 0x6f, 0x64, 0, 1]) }),
      )
      const send = (): boolean => {
        if (socket.readyState !== socket.OPEN) return false
        socket.send(packetToJson({ srcAddr: 'flood', destAddr: `nobody${names++ % 1_000}`, contextID: 7, data: new Uint8Array(64) }))
        return socket.bufferedAmount < 262_144
      }
      pump(send, (again) => setTimeout(again, 1))
    })
  }
  open()
}

/** A member whose handshake is true and who then says what is not. */
async function asMember(member: {
  readonly crypto?: (crypto: Crypto) => Crypto
  readonly channel?: (channel: Channel) => Channel
}): Promise<Router> {
  const honest = webCrypto(globalThis.crypto.subtle)
  const crypto = member.crypto?.(honest) ?? honest
  const keyPair = await honest.generateKeyPair()
  const identity = {
    address: addressOf(await whoOf(keyPair.publicKey, honest), drawTab(nodeDice)),
    keyPair,
    exchangeKeys: await honest.generateExchangeKeys(),
    network: { name: 'bench', keyHash: new Uint8Array(16) },
    kind: 'member' as const,
    epoch: Math.floor(Date.now() / 1_000),
    name: 'liar',
    capabilities: [],
    crypto,
  }
  const router = new Router(identity, { clock: nodeClock, dice: nodeDice })
  const join = async (): Promise<void> => {
    const dialed = await dialWebSocket(ws)
    const link = router.addChannel(member.channel?.(dialed) ?? dialed)
    await link.down
    setTimeout(() => void join(), 100)
  }
  void join()
  return router
}

async function packetFlood(): Promise<void> {
  const injected = (channel: Channel): Channel => {
    const wrapped = new InjectedChannel(channel)
    pump(
      () => wrapped.inject(packetsToNowhere(names++)),
      (again) => setTimeout(again, 1),
    )
    return wrapped
  }
  await asMember({ channel: injected })
}

/** Whatever control message is about to be sealed becomes a frame full of lies; changes of a service give the occasions. */
async function lyingFlood(): Promise<void> {
  const crypto = (honest: Crypto): Crypto => ({
    ...honest,
    seal: (key, nonce, associated, plain) =>
      honest.seal(key, nonce, associated, state.on && associated.length === 0 ? lies(names++) : plain),
  })
  const router = await asMember({ crypto })
  router.registerService('occasion', () => {})
  setInterval(() => state.on && router.setServiceLoad('occasion', 1 + (names % 100)), 50)
}

createInterface({ input: process.stdin }).on('line', (line) => (state.on = line === 'on'))
const noise = new Uint8Array(65_536).map(() => Math.floor(Math.random() * 256))
const kinds: Record<string, () => void | Promise<void>> = {
  noise: () => overTcp(() => noise),
  routes: () => overTcp(() => Buffer.concat(Array.from({ length: 500 }, route))),
  json: overJson,
  packets: packetFlood,
  lies: lyingFlood,
}
await kinds[kind]?.()
console.log(JSON.stringify({ ready: true }))
