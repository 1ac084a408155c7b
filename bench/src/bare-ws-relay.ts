// The other side of P2: a relay that does nothing but pass each WebSocket message on to the other of two clients.
import { WebSocketServer, type WebSocket } from 'ws'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
const clients: WebSocket[] = []

server.on('connection', (socket) => {
  clients.push(socket)
  socket.on('message', (data, binary) => {
    const other = clients.find((client) => client !== socket)
    other?.send(data, { binary })
  })
  socket.on('close', () => clients.splice(clients.indexOf(socket), 1))
})

server.on('listening', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) console.log(JSON.stringify({ ready: true, ws: `ws://127.0.0.1:${address.port}` }))
})
