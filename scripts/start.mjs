// `npm start`: a relay and the demo page, on this machine or (--host) for the local network. Ctrl-C ends both.
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isOwnHost } from './page-hosts.mjs'
import { freePort } from './ports.mjs'
import { install, onEnd, requireNode, root, run, stopRunning, tool } from './workspace.mjs'

const usage = `npm start [-- --host]

  --host   serve the local network too, so that phones and other machines can join
  --help   this text`

function readArguments(args) {
  const options = { host: false }
  for (const argument of args) {
    if (argument === '--host') options.host = true
    else if (argument === '--help' || argument === '-h') {
      console.log(usage)
      process.exit(0)
    } else {
      console.error(`npm start does not know ${argument}; it knows --host and --help.`)
      process.exit(2)
    }
  }
  return options
}

let closeAll = () => {}
let ending = false

function end() {
  if (ending) return
  ending = true
  process.exitCode = 0
  stopRunning()
  closeAll()
  // Whatever is slow to close is not waited for: Ctrl-C means now.
  setTimeout(() => process.exit(0), 300)
}

async function choosePorts() {
  const usual = { page: 5173, ws: 8080, tcp: 8081 }
  const page = await freePort(usual.page)
  const ws = await freePort(usual.ws, [usual.tcp, page])
  const tcp = await freePort(usual.tcp, [ws, page])
  const ports = { page, ws, tcp }
  const names = { page: 'the page', ws: 'WebSocket', tcp: 'TCP' }
  for (const key of Object.keys(usual)) {
    if (ports[key] !== usual[key]) console.log(`Port ${usual[key]} is taken: ${names[key]} uses ${ports[key]}.`)
  }
  return ports
}

async function buildRelay() {
  const { code, output } = await run(process.execPath, [tool('typescript', 'tsc'), '-b', 'packages/server'], { quiet: true })
  if (code === 0 || ending) return
  console.error(output.trimEnd())
  throw new Error('The relay could not be built (see above).')
}

const fromRoot = (path) => import(pathToFileURL(join(root, path)).href)

async function startRelay(ports, host) {
  await buildRelay()
  const server = await fromRoot('packages/server/dist/index.js')
  return server.startRelay({ host, port: ports.ws, tcp: ports.tcp, aln: true })
}

// The relay takes pages of this machine only, or of anywhere when it serves the network. A page that came through this
// very server is one of ours, so its origin is not held against it.
function passOn(proxy) {
  proxy.on('proxyReqWs', (toRelay, request) => {
    const { origin, host } = request.headers
    if (isOwnHost(host) && (origin === `http://${host}` || origin === `https://${host}`)) toRelay.removeHeader('origin')
  })
  // A relay that is down or a page that left is everyday life, not a stack trace in the terminal.
  proxy.on('error', () => {})
}

async function startPage(ports, host) {
  const vite = await import('vite')
  const common = { root: join(root, 'demo'), configFile: join(root, 'demo', 'vite.config.ts'), logLevel: 'warn', clearScreen: false }
  await vite.build(common)
  const target = `ws://127.0.0.1:${ports.ws}`
  return vite.preview({
    ...common,
    logLevel: 'silent',
    preview: {
      host,
      port: ports.page,
      strictPort: true,
      allowedHosts: [hostname(), '.local'],
      proxy: { '/relay': { target, ws: true, rewrite: () => '/', configure: passOn } },
    },
  })
}

function networkAddresses() {
  return Object.values(networkInterfaces())
    .flat()
    .filter((entry) => entry !== undefined && entry.family === 'IPv4' && !entry.internal)
    .map((entry) => entry.address)
}

function tell(ports, host, relay) {
  const lines = ['', `  Open    http://localhost:${ports.page}/   (twice: two tabs see each other)`]
  const addresses = host ? networkAddresses() : []
  if (host) {
    for (const address of addresses) lines.push(`  Network http://${address}:${ports.page}/`)
    if (addresses.length === 0) lines.push('  Network (this machine has no address in a local network)')
  }
  const shown = (address) => address.replace('0.0.0.0', addresses[0] ?? '127.0.0.1')
  lines.push(`  Relay   ${shown(relay.ws)}   plain ALN nodes: tcp ${shown(relay.tcp)}`, '', '  Ctrl-C ends it.', '')
  console.log(lines.join('\n'))
}

async function main() {
  requireNode()
  const { host } = readArguments(process.argv.slice(2))
  onEnd(end)
  if (!(await install())) {
    process.exitCode = 1
    return
  }
  const address = host ? '0.0.0.0' : '127.0.0.1'
  const ports = await choosePorts()
  console.log('Starting the relay and the page …')
  const relay = await startRelay(ports, address)
  closeAll = () => void relay.close()
  const page = await startPage(ports, address)
  closeAll = () => {
    void relay.close()
    void page.close()
  }
  if (!ending) tell(ports, host, relay)
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
