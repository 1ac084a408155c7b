import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { createMesh, joinMesh, startRelay } from '../../src/index.ts'
import type { Mesh, MeshOptions, Relay, RelayOptions } from '../../src/index.ts'
import { subprotocol } from '../../src/websocket/limits.ts'
import { sleep } from '../worlds.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

async function relayOf(options: RelayOptions = {}): Promise<Relay> {
  const relay = await startRelay({ port: 0, ...options })
  closers.push(() => relay.close())
  return relay
}

async function member(relay: Relay, options: MeshOptions = {}): Promise<Mesh> {
  const mesh = await joinMesh({ relays: [relay.ws], timeoutMs: 5_000, ...options })
  closers.push(() => mesh.close())
  return mesh
}

function fault(relay: Relay, code: string): number {
  return Number(new RegExp(`^hopmesh_faults_total\\{code="${code}"\\} (\\d+)$`, 'm').exec(relay.metrics())?.[1] ?? 0)
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    if (waited > 5_000) throw new Error(`not within 5 s: ${what}`)
    await sleep(10)
  }
}

/** The relay still serves: two fresh members call each other. */
async function expectHealthy(relay: Relay): Promise<void> {
  const [ada, bob] = await Promise.all([member(relay, { network: 'healthy' }), member(relay, { network: 'healthy' })])
  const registration = bob.services.register('alive', () => 'yes')
  await ada.services.wait('alive')
  expect((await ada.call('alive')).text()).toBe('yes')
  registration.close()
}

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
    await sleep(300)
    for (const mesh of [red, blue, Red]) {
      expect([...(mesh?.peers.values() ?? [])].filter((peer) => peer.kind !== 'relay')).toEqual([])
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
    expect(fault(relay, 'NETWORK_MISMATCH')).toBe(1)
  })

  it('several relays, one dead and one that is none: nobody notices', async () => {
    const relay = await relayOf()
    const page = createServer((_, response) => response.end('a page'))
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
    closers.push(() => page.close())
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
    closers.push(() => [echo, rude, silent].forEach((server) => (server.clients.forEach((client) => client.terminate()), server.close())))
    for (const server of [echo, rude, silent]) {
      if (server.address() === null) await new Promise((resolve) => server.once('listening', resolve))
      const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
      const joining = joinMesh({ relays: [url], timeoutMs: 700 })
      await expect(joining).rejects.toMatchObject({ name: 'MeshError', tried: [expect.stringContaining(url)] })
    }
    await expect(joinMesh({ relays: ['ws://127.0.0.1:1'], timeoutMs: 300 })).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE' })
  })

  it('PN-08 close drains: members hear RESTARTING at once and come back to the next relay', async () => {
    const relay = await relayOf()
    const port = Number(new URL(relay.ws).port)
    const ada = await member(relay)
    const offline = new Promise((resolve) => ada.once('offline', () => resolve('offline')))
    const startedAt = performance.now()
    await relay.close()
    await relay.close()
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    expect(await Promise.race([offline, sleep(1_000)])).toBe('offline')
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
    const online = new Promise((resolve) => ada.once('online', resolve))
    await relayOf({ port })
    expect(await Promise.race([online, sleep(6_000)])).toMatchObject({ first: false, reconnect: true })
  })

  it('a mesh that starts before its relay comes online by itself', async () => {
    const probe = await relayOf()
    const port = Number(new URL(probe.ws).port)
    await probe.close()
    const mesh = createMesh({ relays: [probe.ws] })
    closers.push(() => mesh.close())
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
        closers.push(() => ws.terminate())
      })
    expect(await refusal(relay.ws, ['chat', 'hopmesh.2'])).toMatch(/^400 .*hopmesh\.1/)
    expect(await refusal(`${relay.ws}/elsewhere`, [])).toMatch(/^400 .*\/aln\//)
    expect(await refusal(`${relay.ws}/aln/%E0%A4`, [])).toMatch(/^400/)
    expect(await refusal(relay.ws, [subprotocol])).toBe('open')
    expect(await refusal(relay.ws, [subprotocol])).toMatch(/^503 /)
    expect((await fetch(`${relay.ws.replace('ws:', 'http:')}/healthz`)).status).toBe(200)
  })
})

describe('bad input: a clear refusal or a counted fault, and nobody else is disturbed', () => {
  async function frames(relay: Relay): Promise<{ ws: WebSocket; closed: Promise<number>; heard: Buffer[] }> {
    const ws = new WebSocket(relay.ws, [subprotocol])
    const heard: Buffer[] = []
    ws.on('message', (data: Buffer) => heard.push(data))
    ws.on('error', () => {})
    const closed = new Promise<number>((resolve) => ws.once('close', resolve))
    await new Promise((resolve) => ws.once('open', resolve))
    closers.push(() => ws.terminate())
    return { ws, closed, heard }
  }

  it('frames that are no hello are refused', async () => {
    const relay = await relayOf()
    for (const bytes of [
      '00',
      '0600',
      '01',
      '0101017f',
      'ff'.repeat(100),
      `01010104${Buffer.from('home').toString('hex')}${'00'.repeat(16)}aabb`,
    ]) {
      const { ws, closed, heard } = await frames(relay)
      ws.send(Buffer.from(bytes, 'hex'))
      await closed
      expect(heard.every((frame) => frame[0] === 4)).toBe(true)
    }
    expect(fault(relay, 'WIRE_FAULT')).toBeGreaterThanOrEqual(5)
    await expectHealthy(relay)
  })

  it('text on a binary channel, a message too long, a WebSocket length of 2 GB', async () => {
    const relay = await relayOf()
    const text = await frames(relay)
    text.ws.send('{"net":3}')
    expect(await text.closed).toBe(1003)
    const long = await frames(relay)
    long.ws.send(new Uint8Array(65_001))
    expect(await long.closed).toBe(1009)
    const raw = connect(Number(new URL(relay.ws).port), '127.0.0.1')
    raw.on('error', () => {})
    raw.write(
      `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ${subprotocol}\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n\r\n`,
    )
    await new Promise((resolve) => raw.once('data', resolve))
    const gone = new Promise((resolve) => raw.once('close', resolve))
    raw.resume()
    raw.write(Buffer.from('82ff0000000080000000aabbccdd', 'hex'))
    await gone
    await until(() => fault(relay, 'WIRE_FAULT') === 3, 'three faults')
    await expectHealthy(relay)
  })

  it('a client that says nothing, one that stops half-way through HTTP, one half-way through a greeting: closed in time', async () => {
    const relay = await relayOf({ aln: true, tcp: 0, limits: { silenceMs: 600 } })
    const silent = await frames(relay)
    const http = connect(Number(new URL(relay.ws).port), '127.0.0.1')
    http.write('GET /healthz HTTP/1.1\r\nHos')
    http.resume()
    const httpGone = new Promise((resolve) => http.once('close', resolve))
    const tcp = connect(Number(relay.tcp?.split(':')[1]), '127.0.0.1')
    tcp.resume()
    const tcpGone = new Promise((resolve) => tcp.once('close', resolve))
    expect(await silent.closed).toBe(1000)
    await Promise.all([httpGone, tcpGone])
    await expectHealthy(relay)
    expect(relay.metrics()).toMatch(/^hopmesh_greetings 0$/m)
  })

  it('a greeting that stops half-way: refused in time, the place is free again', async () => {
    const relay = await relayOf()
    const { ws, closed, heard } = await frames(relay)
    ws.send(Buffer.concat([Buffer.of(1, 1, 1, 4), Buffer.from('home'), Buffer.alloc(16), Buffer.alloc(32, 9)]))
    await until(() => heard.length > 0, 'the reply')
    expect(heard[0]?.[0]).toBe(2)
    expect(relay.metrics()).toMatch(/^hopmesh_greetings 1$/m)
    await closed
    expect(heard.at(-1)?.toString('latin1')).toContain('GREETING_TIMEOUT')
    expect(fault(relay, 'GREETING_TIMEOUT')).toBe(1)
    expect(relay.metrics()).toMatch(/^hopmesh_greetings 0$/m)
    await expectHealthy(relay)
  })

  it('greetings beyond the share of one address: the oldest is closed', async () => {
    const relay = await relayOf({ limits: { greetingsPerAddressMax: 3 } })
    const first = await frames(relay)
    for (let index = 0; index < 3; index += 1) await frames(relay)
    expect(await first.closed).toBe(1000)
    expect(relay.metrics()).toMatch(/^hopmesh_greetings 3$/m)
    await expectHealthy(relay)
  })

  it('a network that nobody is in is forgotten', async () => {
    const relay = await relayOf({ limits: { networkIdleMs: 200 } })
    const [passing] = await Promise.all([member(relay, { network: 'passing' }), member(relay, { network: 'staying' })])
    expect(relay.metrics()).toMatch(/^hopmesh_networks 2$/m)
    await passing.close()
    await until(() => /^hopmesh_networks 1$/m.test(relay.metrics()), 'one network')
    await sleep(500)
    expect(relay.metrics()).toMatch(/^hopmesh_networks 1$/m)
  })

  it('networks are bounded: the idle make room, and nobody is thrown out of a busy one', async () => {
    const relay = await relayOf({ limits: { networksMax: 2 } })
    const first = await member(relay, { network: 'one' })
    for (const network of ['two', 'three', 'four']) {
      const passing = await member(relay, { network })
      await passing.close()
      await sleep(50)
    }
    await member(relay, { network: 'five' })
    await expect(joinMesh({ network: 'six', relays: [relay.ws], timeoutMs: 500 })).rejects.toMatchObject({
      tried: [expect.stringContaining('BUSY')],
    })
    expect(first.online).toBe(true)
  })
})
