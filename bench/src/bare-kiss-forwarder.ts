// The other side of P3: takes KISS frames apart and puts them together again for the other of two sockets, one write for
// what one read brought. It routes nothing.
import { createServer, type Socket } from 'node:net'
import { frame, unframe } from '@hopmesh/core'

const end = 0xc0
const sockets: Socket[] = []

const server = createServer((socket) => {
  socket.setNoDelay(true)
  sockets.push(socket)
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const out: Uint8Array[] = []
    let start = 0
    for (let at = bytes.indexOf(end); at >= 0; at = bytes.indexOf(end, start)) {
      const packet = unframe(bytes.subarray(start, at))
      if (packet instanceof Uint8Array) out.push(frame(packet))
      start = at + 1
    }
    rest = bytes.subarray(start)
    const other = sockets.find((candidate) => candidate !== socket)
    if (other === undefined || out.length === 0) return
    if (!other.write(Buffer.concat(out))) {
      socket.pause()
      other.once('drain', () => socket.resume())
    }
  })
  const gone = (): void => {
    const at = sockets.indexOf(socket)
    if (at >= 0) sockets.splice(at, 1)
  }
  socket.on('error', gone)
  socket.on('close', gone)
})

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) console.log(JSON.stringify({ ready: true, tcp: `127.0.0.1:${address.port}` }))
})
