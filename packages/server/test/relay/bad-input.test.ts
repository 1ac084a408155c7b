import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { addressOf, Router, whoOf } from '@hopmesh/core'
import { joinMesh } from '../../src/index.ts'
import type { Relay } from '../../src/index.ts'
import { nodeCrypto } from '../../src/node-crypto.ts'
import { nodeClock, nodeDice } from '../../src/system-ports.ts'
import { dialWebSocket } from '../../src/websocket/dialer.ts'
import { subprotocol } from '../../src/websocket/limits.ts'
import { sleep } from '../worlds.ts'
import { endAll, atEnd, expectHealthy, faultsOf, member, relayOf, until } from './relay-world.ts'

afterEach(endAll)

describe('bad input: a clear refusal or a counted fault, and nobody else is disturbed', () => {
  async function frames(relay: Relay): Promise<{ ws: WebSocket; closed: Promise<number>; heard: Buffer[] }> {
    const ws = new WebSocket(relay.ws, [subprotocol])
    const heard: Buffer[] = []
    ws.on('message', (data: Buffer) => heard.push(data))
    ws.on('error', () => {})
    const closed = new Promise<number>((resolve) => ws.once('close', resolve))
    await new Promise((resolve) => ws.once('open', resolve))
    atEnd(() => ws.terminate())
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
    expect(faultsOf(relay, 'WIRE_FAULT')).toBeGreaterThanOrEqual(5)
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
    await until(() => faultsOf(relay, 'WIRE_FAULT') === 3, 'three faults')
    await expectHealthy(relay)
  })

  it('a client that says nothing, one that stops half-way through HTTP, one half-way through a greeting: closed in time', async () => {
    const relay = await relayOf({ aln: true, tcp: 0, limits: { silenceMs: 3_000 } })
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
    expect(faultsOf(relay, 'GREETING_TIMEOUT')).toBe(1)
    expect(relay.metrics()).toMatch(/^hopmesh_greetings 0$/m)
    await expectHealthy(relay)
  })

  it('SE2 whoever signs that it is a relay is refused: nothing is told to it, and no member takes its way', async () => {
    const relay = await relayOf()
    const ada = await member(relay, { network: 'default' })
    const crypto = nodeCrypto()
    const keyPair = await crypto.generateKeyPair()
    const address = addressOf(await whoOf(keyPair.publicKey, crypto), 'aaaa')
    const network = { name: 'default', keyHash: new Uint8Array(16) }
    const exchangeKeys = await crypto.generateExchangeKeys()
    const identity = {
      address,
      keyPair,
      exchangeKeys,
      network,
      crypto,
      kind: 'relay',
      epoch: 1_700_000_000,
      name: 'relay',
      capabilities: [],
    } as const
    const liar = new Router(identity, { clock: nodeClock, dice: nodeDice })
    atEnd(() => liar.close())
    const link = liar.addChannel(await dialWebSocket(relay.ws), { toRelay: true })
    await expect(link.up).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' })
    expect(liar.routes()).toEqual([])
    expect(ada.router.destination(address)).toBeUndefined()
    expect(faultsOf(relay, 'HANDSHAKE_FAILED')).toBe(1)
    await expectHealthy(relay)
  })

  it('SE16 greetings beyond the share of one address: the oldest is closed', async () => {
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
      await until(() => /^hopmesh_links 1$/m.test(relay.metrics()), 'only the first is there')
    }
    await member(relay, { network: 'five' })
    await expect(joinMesh({ network: 'six', relays: [relay.ws], timeoutMs: 3_000 })).rejects.toMatchObject({
      tried: [expect.stringContaining('BUSY')],
    })
    expect(first.online).toBe(true)
  })
})
