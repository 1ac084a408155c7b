// `pnpm size` (P10): what a page downloads for a minimal app, per chunk, minified and gzipped. It informs and never fails by size.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const budgetKiB = 25

const app = `
import { joinMesh } from '@hopmesh/browser'
const mesh = await joinMesh({ network: 'garden', relays: ['wss://relay.example'] })
mesh.services.register('ping', (request) => 'pong ' + request.text())
mesh.on('message', (message) => console.log(message.parts))
`

const minimalApp = {
  name: 'minimal-app',
  resolveId: (id) => (id === 'minimal-app' ? '\0minimal-app' : undefined),
  load: (id) => (id === '\0minimal-app' ? app : undefined),
}

/** What a chunk is for, by what is inside. */
function purpose(chunk) {
  const holds = (part) => chunk.moduleIds.some((id) => id.includes(part))
  if (chunk.isEntry) return 'core + WebSocket, at once'
  if (atOnce.has(chunk.fileName)) return 'at once'
  if (holds('simple-peer') || holds('/webrtc/')) return 'WebRTC, with the first direct link'
  if (holds('@noble/')) return '@noble, only where WebCrypto is missing'
  if (holds('late-parts')) return 'devices and plain ALN, streams, traces: with the first of them'
  return 'a device, with the first of its kind'
}

const [output] = [
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    plugins: [minimalApp],
    resolve: {
      alias: { '@hopmesh/browser': join(root, 'packages/browser/src/index.ts') },
      conditions: ['hopmesh-source', 'module', 'browser', 'import', 'default'],
    },
    build: { write: false, minify: true, target: 'es2022', modulePreload: false, rolldownOptions: { input: 'minimal-app' } },
  }),
].flat()

const chunks = output.output.filter((part) => part.type === 'chunk')
/** The chunks that the entry loads at once, itself included. */
function loadedAtOnce() {
  const seen = new Set()
  const visit = (name) => {
    if (seen.has(name)) return
    seen.add(name)
    for (const next of chunks.find((chunk) => chunk.fileName === name)?.imports ?? []) visit(next)
  }
  visit(chunks.find((chunk) => chunk.isEntry).fileName)
  return seen
}

const atOnce = loadedAtOnce()
const rows = chunks.map((chunk) => ({
  file: chunk.fileName,
  raw: Buffer.byteLength(chunk.code),
  gz: gzipSync(chunk.code, { level: 9 }).length,
  entry: chunk.isEntry,
  what: purpose(chunk),
}))

const kib = (bytes) => (bytes / 1024).toFixed(1).padStart(7)
console.log('P10 size of a minimal app     min KiB  gz KiB')
for (const row of rows.toSorted((a, b) => Number(b.entry) - Number(a.entry) || b.gz - a.gz)) {
  console.log(`${row.file.padEnd(30)}${kib(row.raw)} ${kib(row.gz)}  ${row.what}`)
}
const first = rows.filter((row) => atOnce.has(row.file)).reduce((sum, row) => sum + row.gz, 0)
console.log(
  `at once: ${(first / 1024).toFixed(1)} KiB gz; goal ≤ ${budgetKiB} KiB: ${first <= budgetKiB * 1024 ? 'reached' : `${((first / 1024 / budgetKiB - 1) * 100).toFixed(0)} % over`}`,
)
