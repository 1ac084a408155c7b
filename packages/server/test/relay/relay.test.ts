import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createMesh, joinMesh, startRelay } from '../../src/index.ts'
import type { Relay } from '../../src/index.ts'
import { subprotocol } from '../../src/websocket/limits.ts'
import { endAll, atEnd, expectHealthy, faultsOf, member, relayOf, until } from './relay-world.ts'

afterEach(endAll)

describe('members through a relay', () => {
  it('two Node members see and call each other; the relay is a peer of kind relay', async () => {
    const relay = await relayOf()
    const ada = await member(relay, { network: 'garden', name: 'Ada' })
    const bob = await member(relay, { network: 'garden', name: 'Bob' })
    bob.services.register('ping', (request) => `pong ${request.text()}`)
    ada.services.register('upper', (request) => request.text().toUpperCase())
    await Promise.all([ada.services.wait('ping'), bob.services.wait('upper')])
    expect((await ada.call('ping', 'hello')).text()).toBe('pong hello')
    expect((await bob.call('upper', 'shout')).text()).toBe('SHOUT')
    const seen = ada.peer(bob.address)
    expect(seen).toMatchObject({ name: 'Bob', kind: 'member', hops: 2, direct: false })
    expect(ada.peer(seen?.via ?? '')?.kind).toBe('relay')
    expect((await ada.ping(bob.address)).roundTripMs).toBeGreaterThan(0)
    expect((await ada.ping(seen?.via ?? '')).hops).toBe(1)
    expect(relay.metrics()).toMatch(/^hopmesh_members 2$/m)
    expect(relay.metrics()).toMatch(/^hopmesh_links 2$/m)
    expect(relay.metrics()).toMatch(/^hopmesh_packets_forwarded_total [1-9]/m)
  })

  it('two networks never see each other, nor one that has the same name but for a letter', async () => {
    const relay = await relayOf()
    const [red, blue, Red] = await Promise.all(['red', 'blue', 'Red'].map((network) => member(relay, { network })))
    for (const mesh of [red, blue, Red]) mesh?.services.register('who', () => mesh.network)
    // Whoever sees its own, who came later, would have seen the others.
    for (const mesh of [red, blue, Red]) {
      const late = await member(relay, { network: mesh?.network ?? '' })
      await until(() => mesh?.peer(late.address) !== undefined, 'the late one')
      const others = [...(mesh?.peers.values() ?? [])].filter((peer) => peer.kind !== 'relay')
      expect(others.map(({ address }) => address)).toEqual([late.address])
      expect((await mesh?.call('who'))?.text()).toBe(mesh?.network)
      expect(mesh?.services.list('who')).toHaveLength(1)
    }
    const relays = [red, blue].map((mesh) => [...(mesh?.peers.values() ?? [])][0]?.address ?? '')
    expect(relays[0]?.split('.')[0]).toBe(relays[1]?.split('.')[0])
    expect(relays[0]).not.toBe(relays[1])
  })

  it('with --network only these are served; others hear NETWORK_MISMATCH, not silence', async () => {
    const relay = await relayOf({ networks: ['garden', 'forest'] })
    await member(relay, { network: 'forest' })
    await expect(member(relay, { network: 'desert' })).rejects.toMatchObject({
      code: 'NETWORK_MISMATCH',
      message: expect.stringContaining('desert'),
    })
    expect(faultsOf(relay, 'NETWORK_MISMATCH')).toBe(1)
  })

  it('several relays, one dead and one that is none: nobody notices', async () => {
    const relay = await relayOf()
    const page = createServer((_, response) => response.end('a page'))
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
    atEnd(() => page.close())
    const relays = ['ws://127.0.0.1:1', `ws://127.0.0.1:${(page.address() as AddressInfo).port}`, relay.ws]
    const ada = await member(relay, { relays })
    const bob = await member(relay, { relays: relays.toReversed() })
    bob.services.register('ping', () => 'pong')
    await ada.services.wait('ping')
    expect((await ada.call('ping')).text()).toBe('pong')
    expect(ada.relays.list().map(({ state }) => state)).toContain('waiting')
  })

  it('a relay that is nobody, a page, an echo: joinMesh rejects and says what was tried', async () => {
    const echo = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    echo.on('connection', (ws) => ws.on('message', (data, binary) => ws.send(data, { binary })))
    const rude = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    rude.on('connection', (ws) => ws.send('hello, I am a chat server'))
    const silent = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    atEnd(() => [echo, rude, silent].forEach((server) => (server.clients.forEach((client) => client.terminate()), server.close())))
    for (const server of [echo, rude, silent]) {
      if (server.address() === null) await new Promise((resolve) => server.once('listening', resolve))
      const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
      const joining = joinMesh({ relays: [url], timeoutMs: 2_000 })
      await expect(joining).rejects.toMatchObject({ name: 'MeshError', tried: [expect.stringContaining(url)] })
    }
    await expect(joinMesh({ relays: ['ws://127.0.0.1:1'], timeoutMs: 2_000 })).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE' })
  })

  it('PN-08 close drains: members hear RESTARTING and come back to the next relay', async () => {
    const relay = await relayOf()
    const port = Number(new URL(relay.ws).port)
    const ada = await member(relay)
    const notices: string[] = []
    ada.router.on('notice', ({ code }) => notices.push(code))
    const offline = new Promise<void>((resolve) => ada.once('offline', () => resolve()))
    await relay.close()
    await relay.close()
    await offline
    expect(notices).toEqual(['RESTARTING'])
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
    const online = new Promise((resolve) => ada.once('online', resolve))
    await relayOf({ port })
    expect(await online).toMatchObject({ first: false, reconnect: true })
  })

  it('a mesh that starts before its relay comes online by itself', async () => {
    const probe = await relayOf()
    const port = Number(new URL(probe.ws).port)
    await probe.close()
    const mesh = createMesh({ relays: [probe.ws] })
    atEnd(() => mesh.close())
    await mesh.ready
    expect(mesh.online).toBe(false)
    await relayOf({ port })
    await until(() => mesh.online, 'online')
  })
})

describe('doors', () => {
  it('GET /healthz and /metrics answer; the rest is told what this is', async () => {
    const relay = await relayOf()
    const at = relay.ws.replace('ws:', 'http:')
    await member(relay, { network: 'garden' })
    expect(await (await fetch(`${at}/healthz`)).json()).toMatchObject({ ok: true, networks: 1, links: 1 })
    expect(await (await fetch(`${at}/metrics`)).text()).toMatch(/^hopmesh_networks 1$/m)
    const other = await fetch(at)
    expect([other.status, await other.text()]).toEqual([404, expect.stringContaining('hopmesh relay')])
    expect((await fetch(`${at}/healthz`, { method: 'POST' })).status).toBe(405)
  })

  it('a taken port is PORT_IN_USE and names it, also for TCP; nothing is left listening', async () => {
    const relay = await relayOf({ tcp: 0 })
    const port = Number(new URL(relay.ws).port)
    const tcp = Number(relay.tcp?.split(':')[1])
    await expect(startRelay({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(String(port)) })
    await expect(startRelay({ port: 0, tcp })).rejects.toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(String(tcp)) })
    await expectHealthy(relay)
  })

  it('SE17 a foreign page is refused by a relay on loopback; --origin lets it in', async () => {
    const strict = await relayOf()
    const open = await relayOf({ origins: ['https://app.example'] })
    const status = (relay: Relay, origin: string): Promise<number> =>
      new Promise((resolve) => {
        const ws = new WebSocket(relay.ws, [subprotocol], { origin })
        ws.on('error', () => {})
        ws.once('open', () => (resolve(101), ws.terminate()))
        ws.once('unexpected-response', (request, response) => (resolve(response.statusCode ?? 0), request.destroy()))
      })
    expect(await status(strict, 'https://app.example')).toBe(403)
    expect(await status(strict, 'http://localhost:5173')).toBe(101)
    expect(await status(open, 'https://app.example')).toBe(101)
    expect(await status(open, 'https://other.example')).toBe(403)
  })

  it('an unknown subprotocol, an unknown path and one connection too many are refused in words', async () => {
    const relay = await relayOf({ aln: true, tcp: 0, limits: { connectionsMax: 1 } })
    const refusal = (url: string, protocols: string[]): Promise<string> =>
      new Promise((resolve) => {
        const ws = new WebSocket(url, protocols)
        ws.on('error', () => {})
        ws.once('open', () => resolve('open'))
        ws.once('unexpected-response', (request, response) => {
          response.on('data', (chunk) => resolve(`${response.statusCode} ${String(chunk)}`))
          response.once('end', () => request.destroy())
        })
        atEnd(() => ws.terminate())
      })
    expect(await refusal(relay.ws, ['chat', 'hopmesh.2'])).toMatch(/^400 .*hopmesh\.1/)
    expect(await refusal(`${relay.ws}/elsewhere`, [])).toMatch(/^400 .*\/aln\//)
    expect(await refusal(`${relay.ws}/aln/%E0%A4`, [])).toMatch(/^400/)
    expect(await refusal(relay.ws, [subprotocol])).toBe('open')
    expect(await refusal(relay.ws, [subprotocol])).toMatch(/^503 /)
    expect((await fetch(`${relay.ws.replace('ws:', 'http:')}/healthz`)).status).toBe(200)
  })
})
