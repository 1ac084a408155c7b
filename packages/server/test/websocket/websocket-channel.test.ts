import { createServer as createHttpServer } from 'node:http'
import { connect, createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { channelContractCasesFor } from '@hopmesh/core/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { WebSocketChannel } from '../../src/websocket/channel.ts'
import { dialWebSocket } from '../../src/websocket/dialer.ts'
import { frameMessageBytesMax } from '../../src/websocket/limits.ts'
import { deferred, webSocketWorld } from '../worlds.ts'

for (const carries of ['frames', 'text'] as const) {
  describe(`ALN-44 channel contract: WebSocket, ${carries}`, () => {
    for (const contractCase of channelContractCasesFor(carries)) it(contractCase.title, () => contractCase.run(webSocketWorld(carries)))
  })
}

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A WebSocketChannel at the server, a bare WebSocket at the client. */
async function bareClient(
  carries: 'frames' | 'text',
): Promise<{ ws: WebSocket; port: number; faults: string[]; ended: Promise<string>; heard: string[] }> {
  const faults: string[] = []
  const heard: string[] = []
  const ended = deferred<string>()
  const http = createHttpServer()
  const server = new WebSocketServer({ noServer: true, maxPayload: frameMessageBytesMax })
  http.on('upgrade', (request, socket, head) => {
    server.handleUpgrade(request, socket, head, (ws) => {
      const channel = new WebSocketChannel(ws, { role: 'listener', carries, label: 'test', socket, onFault: (fault) => faults.push(fault) })
      channel.start({
        message: (bytes) => heard.push(Buffer.from(bytes).toString()),
        drained: () => {},
        closed: (reason) => ended.resolve(`${reason.code}: ${reason.detail}`),
      })
    })
  })
  const port = await portOf(http)
  const ws = new WebSocket(`ws://127.0.0.1:${port}/`)
  closers.push(() => (ws.terminate(), http.close(), http.closeAllConnections()))
  await new Promise((resolve) => ws.once('open', resolve))
  return { ws, port, faults, ended: ended.promise, heard }
}

describe('ALN-44 WebSocket channels', () => {
  it('ALN-44 a text message on a binary channel closes this connection and is counted', async () => {
    const { ws, faults, ended, heard } = await bareClient('frames')
    const code = new Promise((resolve) => ws.once('close', resolve))
    ws.send('{"dst":"x"}')
    expect(await ended).toBe('lost: a text message on a binary channel')
    expect(await code).toBe(1003)
    expect(faults).toEqual(['a text message on a binary channel'])
    expect(heard).toEqual([])
  })

  it('ALN-44 a binary message on a text channel closes this connection and is counted', async () => {
    const { ws, faults, ended } = await bareClient('text')
    ws.send(Buffer.from('{}'))
    expect(await ended).toBe('lost: a binary message on a text channel')
    expect(faults).toHaveLength(1)
  })

  it('ALN-44 a message above the limit, and a length of 2 GB, close this connection and are counted', async () => {
    const { ws, faults, ended, port } = await bareClient('frames')
    ws.send(new Uint8Array(frameMessageBytesMax + 1))
    expect(await ended).toMatch(/^lost: .*payload/i)
    expect(faults).toHaveLength(1)

    const raw = connect(port, '127.0.0.1')
    closers.push(() => raw.destroy())
    raw.write(
      `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n\r\n`,
    )
    const gone = new Promise((resolve) => raw.once('close', resolve))
    raw.on('error', () => {})
    await new Promise((resolve) => raw.once('data', resolve))
    raw.resume()
    raw.write(Buffer.from('82ff0000000080000000aabbccdd', 'hex'))
    await gone
    expect(faults).toHaveLength(2)
  })

  it('ALN-44 dialing something else than a relay says what is there', async () => {
    const http = createHttpServer((_, response) => response.writeHead(200).end('a page'))
    const echo = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => false })
    const garbage = createTcpServer((socket) => socket.end('220 smtp.example ready\r\n'))
    closers.push(() => (http.close(), http.closeAllConnections(), echo.close(), garbage.close()))
    const httpPort = await portOf(http)
    const garbagePort = await portOf(garbage)
    await expect(dialWebSocket(`ws://127.0.0.1:${httpPort}`)).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE', message: /HTTP 200/ })
    await expect(dialWebSocket(`ws://127.0.0.1:${(echo.address() as AddressInfo).port}`)).rejects.toMatchObject({
      message: /did not choose hopmesh\.1/,
    })
    await expect(dialWebSocket(`ws://127.0.0.1:${garbagePort}`)).rejects.toMatchObject({ message: /something else/ })
    await expect(dialWebSocket('ws://127.0.0.1:1')).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE', message: /nobody listens/ })
    await expect(dialWebSocket('ws://nowhere.invalid')).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE' })
    for (const wrong of ['http://x', 'localhost:8080', 'nonsense'])
      await expect(dialWebSocket(wrong)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('ALN-44 an abort while dialing rejects with ABORTED', async () => {
    const dialed = deferred<void>()
    const silent = createTcpServer((socket) => {
      closers.push(() => socket.destroy())
      dialed.resolve()
    })
    const port = await portOf(silent)
    closers.push(() => silent.close())
    const abort = new AbortController()
    const dialing = dialWebSocket(`ws://127.0.0.1:${port}`, { signal: abort.signal })
    await dialed.promise
    abort.abort()
    await expect(dialing).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
