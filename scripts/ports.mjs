// Free ports for `npm start`: the usual one, or the next that nobody holds.
import { createServer } from 'node:net'

function canListen(port, host) {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error) => resolve(error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL'))
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

// A browser tries both loopback addresses for `localhost`, so a stranger on either would be met instead of us.
const hosts = ['127.0.0.1', '::1', '0.0.0.0']

async function isFree(port) {
  for (const host of hosts) if (!(await canListen(port, host))) return false
  return true
}

/** The first free port from `wanted` on, `avoid` left out. Throws when a hundred in a row are taken. */
export async function freePort(wanted, avoid = []) {
  for (let port = wanted; port < wanted + 100; port++) {
    if (!avoid.includes(port) && (await isFree(port))) return port
  }
  throw new Error(`No free port between ${wanted} and ${wanted + 99}.`)
}
