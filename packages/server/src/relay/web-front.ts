// The HTTP side: two pages for operators, and the upgrade to a WebSocket of either kind.

import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { tcpKeepAliveMs } from '../tcp/limits.ts'
import { listenError } from '../tcp/tcp-host.ts'
import { WebSocketChannel } from '../websocket/channel.ts'
import { frameMessageBytesMax, subprotocol, textMessageBytesMax } from '../websocket/limits.ts'
import { originAllowed } from './origins.ts'

export interface WebFrontOptions {
  readonly host: string
  readonly port: number
  readonly origins: readonly string[]
  readonly connectionsMax: number
  readonly silenceMs: number
  health(): object
  metrics(): string
  /** `network`: what the path of a plain client says, else undefined. */
  onChannel(channel: WebSocketChannel, remoteAddress: string, network: string | undefined): void
  onFault(code: string, message: string): void
}

/** Beyond the last connection there is room to say no, and for /healthz. */
const refusalsMax = 64

interface Upgrade {
  readonly carries: 'frames' | 'text'
  readonly network: string | undefined
}

export class WebFront {
  readonly #options: WebFrontOptions
  readonly #server: Server
  // One for each kind, because the largest message is a property of the server.
  readonly #frames = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: frameMessageBytesMax,
    handleProtocols: () => subprotocol,
  })
  readonly #text = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: textMessageBytesMax })

  constructor(options: WebFrontOptions) {
    this.#options = options
    this.#server = createServer({
      headersTimeout: options.silenceMs,
      requestTimeout: options.silenceMs,
      connectionsCheckingInterval: 1_000,
    })
    this.#server.maxConnections = options.connectionsMax + refusalsMax
    this.#server.keepAliveTimeout = 5_000
    this.#server.on('request', (request, response) => this.#answer(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** The port that it listens on. Rejects with PORT_IN_USE or INVALID_OPTION. */
  listen(): Promise<number> {
    const { host, port } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)))
      this.#server.listen({ host, port }, () => {
        this.#server.removeAllListeners('error')
        this.#server.on('error', (error) => this.#options.onFault('LINK_FAILED', error.message))
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  /** No new connections. Resolves when the open ones are gone; WebSockets are closed by who owns their channels. */
  stopListening(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeIdleConnections()
    })
  }

  /** Ends what is still open. */
  close(): void {
    for (const server of [this.#frames, this.#text]) {
      for (const client of server.clients) client.terminate()
      server.close()
    }
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?')[0]
    if (request.method !== 'GET' && request.method !== 'HEAD') return reply(response, 405, 'text/plain', 'GET only\n')
    if (path === '/healthz') return reply(response, 200, 'application/json', `${JSON.stringify(this.#options.health())}\n`)
    if (path === '/metrics') return reply(response, 200, 'text/plain; version=0.0.4', this.#options.metrics())
    reply(response, 404, 'text/plain', 'This is a hopmesh relay: connect by WebSocket, or see /healthz and /metrics.\n')
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    destroyOnError(socket)
    const { host, origins, connectionsMax } = this.#options
    if (!originAllowed(request.headers.origin, host, origins)) {
      this.#options.onFault('ORIGIN_REFUSED', `A page of ${request.headers.origin} was refused`)
      return refuse(socket, '403 Forbidden', 'This relay does not take pages of that origin; see --origin.')
    }
    if (this.#frames.clients.size + this.#text.clients.size >= connectionsMax)
      return refuse(socket, '503 Service Unavailable', 'Too many connections.')
    const upgrade = readUpgrade(request)
    if (typeof upgrade === 'string') return refuse(socket, '400 Bad Request', upgrade)
    request.socket.setKeepAlive(true, tcpKeepAliveMs)
    const server = upgrade.carries === 'frames' ? this.#frames : this.#text
    server.handleUpgrade(request, socket, head, (ws) => {
      const { remoteAddress = 'unknown', remotePort = '?' } = request.socket
      const label = `ws ${remoteAddress}:${remotePort}`
      const channel = new WebSocketChannel(ws, { role: 'listener', carries: upgrade.carries, label, socket, onFault: this.#wireFault })
      this.#options.onChannel(channel, remoteAddress, upgrade.network)
    })
  }

  /** One for all: a function made during the upgrade would keep the request as long as the channel. */
  readonly #wireFault = (message: string): void => this.#options.onFault('WIRE_FAULT', message)
}

function destroyOnError(socket: Duplex): void {
  socket.on('error', () => socket.destroy())
}

function readUpgrade(request: IncomingMessage): Upgrade | string {
  const asked = request.headers['sec-websocket-protocol']
  if (asked !== undefined) {
    const known = asked.split(',').some((name) => name.trim() === subprotocol)
    return known ? { carries: 'frames', network: undefined } : `This relay speaks ${subprotocol}, or ALN JSON without a subprotocol.`
  }
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  if (path === '/') return { carries: 'text', network: undefined }
  const name = /^\/aln\/([^/]+)$/.exec(path)?.[1]
  if (name === undefined) return 'ALN JSON is at / and at /aln/NETWORK.'
  try {
    return { carries: 'text', network: decodeURIComponent(name) }
  } catch {
    return 'The network in the path is not well escaped.'
  }
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}

function refuse(socket: Duplex, status: string, text: string): void {
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
}
