// What PeerJS and Trystero need to find each other on one machine: a PeerServer, and a relay of topics for Trystero's own strategy,
// as its manual has it. Prints where they are.
import { once } from 'node:events'
import { PeerServer } from 'peer'
import { WebSocketServer } from 'ws'

const topics = new WebSocketServer({ host: '127.0.0.1', port: 0 })
const subscribers = new Map()
topics.on('connection', (socket) => {
  const own = new Set()
  socket.on('message', (text) => {
    const { type, topic, payload } = JSON.parse(String(text))
    if (type === 'publish') {
      for (const other of subscribers.get(topic) ?? []) other.send(JSON.stringify({ topic, payload }))
    } else if (type === 'subscribe') {
      if (!subscribers.has(topic)) subscribers.set(topic, new Set())
      subscribers.get(topic).add(socket)
      own.add(topic)
    } else {
      subscribers.get(topic)?.delete(socket)
    }
  })
  socket.on('close', () => own.forEach((topic) => subscribers.get(topic)?.delete(socket)))
})
await once(topics, 'listening')
PeerServer({ host: '127.0.0.1', port: 0 }, (server) => {
  const ready = { ws: `ws://127.0.0.1:${topics.address().port}`, tcp: `127.0.0.1:${server.address().port}` }
  console.log(JSON.stringify(ready))
})
