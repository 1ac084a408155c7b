// The other side of P9: a server that holds WebSockets and does nothing else. It answers each line of input with what it holds.
import { createInterface } from 'node:readline'
import { WebSocketServer } from 'ws'
import { heldBytes } from './held-bytes.ts'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, backlog: 1_024 })

server.on('connection', (socket) => socket.on('message', () => {}))
server.on('listening', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) console.log(JSON.stringify({ ready: true, ws: `ws://127.0.0.1:${address.port}` }))
})
createInterface({ input: process.stdin }).on('line', () => console.log(JSON.stringify({ members: server.clients.size, ...heldBytes() })))
