// Builds the pages of this folder as an app would and serves them on a free port, beside a WebSocket server that joins
// any two sockets with the same path.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { buildWith } from '../support/build-page.ts'

export interface PageServer {
  readonly port: number
  /** 'http://localhost:1234' */
  readonly origin: string
  readonly pipeUrl: string
  close(): Promise<void>
}

const root = fileURLToPath(new URL('./pages', import.meta.url))
const types: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript' }

export async function startPageServer(): Promise<PageServer> {
  const outDir = await mkdtemp(join(tmpdir(), 'hopmesh-pages-'))
  await buildWith({
    root,
    logLevel: 'error',
    build: {
      outDir,
      minify: false,
      rolldownOptions: { input: ['contract', 'identity', 'two-tabs'].map((name) => join(root, `${name}.html`)) },
    },
  })
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    try {
      const body = await readFile(join(outDir, path))
      response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' }).end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  startPipes(server)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    origin: `http://localhost:${port}`,
    pipeUrl: `ws://localhost:${port}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      await rm(outDir, { recursive: true, force: true })
    },
  }
}

function startPipes(server: ReturnType<typeof createServer>): void {
  // Paths that start with /plain speak no subprotocol, like a relay of something else; /silent never answers.
  const pipes = new WebSocketServer({ noServer: true, handleProtocols: () => 'hopmesh.1' })
  const others = new WebSocketServer({ noServer: true, handleProtocols: () => false })
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith('/silent') === true) return
    const target = request.url?.startsWith('/plain') === true ? others : pipes
    target.handleUpgrade(request, socket, head, (client) => target.emit('connection', client, request))
  })
  const waiting = new Map<string, { socket: WebSocket; early: Buffer[] }>()
  pipes.on('connection', (socket, request) => {
    const path = request.url ?? '/'
    const first = waiting.get(path)
    if (first === undefined) {
      const early: Buffer[] = []
      waiting.set(path, { socket, early })
      socket.on('message', (data: Buffer) => early.push(data))
      return
    }
    waiting.delete(path)
    first.socket.removeAllListeners('message')
    for (const data of first.early) socket.send(data)
    forward(first.socket, socket)
    forward(socket, first.socket)
  })
}

function forward(from: WebSocket, to: WebSocket): void {
  from.on('message', (data: Buffer) => to.send(data))
  from.on('close', () => to.close(1000, 'the other end closed'))
}
