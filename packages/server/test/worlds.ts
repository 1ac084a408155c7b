// Pairs of channels over real sockets of this machine.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ChannelPair, ChannelWorld } from '@hopmesh/core/testing'
import { WebSocketServer } from 'ws'
import { TcpChannel } from '../src/tcp/tcp-channel.ts'
import { TcpHost } from '../src/tcp/tcp-host.ts'
import { WebSocketChannel } from '../src/websocket/channel.ts'
import { dialWebSocket } from '../src/websocket/dialer.ts'
import { frameMessageBytesMax, subprotocol, textMessageBytesMax } from '../src/websocket/limits.ts'

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export function tcpWorld(): ChannelWorld {
  return { wait: sleep, open: openTcp }
}

async function openTcp(): Promise<ChannelPair> {
  const host = new TcpHost()
  const { promise: listener, resolve } = deferred<TcpChannel>()
  const { port } = await host.listen({ port: 0 }, resolve)
  const dialer = await TcpChannel.connect({ host: '127.0.0.1', port })
  return { dialer, listener: await listener, cleanup: () => host.close() }
}

export function webSocketWorld(carries: 'frames' | 'text', faults: string[] = []): ChannelWorld {
  return { wait: sleep, open: () => openWebSocket(carries, faults) }
}

async function openWebSocket(carries: 'frames' | 'text', faults: string[]): Promise<ChannelPair> {
  const http = createServer()
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: carries === 'frames' ? frameMessageBytesMax : textMessageBytesMax,
    handleProtocols: () => subprotocol,
  })
  const { promise: listener, resolve } = deferred<WebSocketChannel>()
  http.on('upgrade', (request, socket, head) => {
    server.handleUpgrade(request, socket, head, (ws) => {
      resolve(new WebSocketChannel(ws, { role: 'listener', carries, label: 'ws test', socket, onFault: (fault) => faults.push(fault) }))
    })
  })
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening))
  const dialer = await dialWebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/`, { carries })
  const cleanup = (): void => {
    for (const client of server.clients) client.terminate()
    http.close()
    http.closeAllConnections()
  }
  return { dialer, listener: await listener, cleanup }
}

export function deferred<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
