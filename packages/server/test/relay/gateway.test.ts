import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Mesh, Relay, RelayOptions } from '../../src/index.ts'
import { PlainNode } from '../plain-node.ts'
import type { PlainNodeOptions } from '../plain-node.ts'
import { sleep } from '../worlds.ts'
import { atEnd, endAll, member, relayOf, tcpPort, until } from './relay-world.ts'

afterEach(endAll)

async function gateway(options: RelayOptions = {}): Promise<Relay> {
  return relayOf({ tcp: 0, aln: true, ...options })
}

function plain(options: PlainNodeOptions): PlainNode {
  const node = new PlainNode(options)
  atEnd(() => node.end())
  return node
}

/** Both ways: the plain node calls the member's ping, the member calls the plain node's. */
async function exchange(mesh: Mesh, node: PlainNode): Promise<void> {
  mesh.services.register('ping', (request) => `pong from ${mesh.name} to ${request.text()}`)
  await until(
    () => node.services.some(({ host, service }) => service === 'ping' && host === mesh.address),
    "the member's ping is advertised",
  )
  await until(() => node.routes.has(mesh.address), 'a route to the member')
  node.call('ping', 77, 'hello')
  await until(() => node.replies.length > 0, 'a reply')
  expect(node.replies[0]).toMatchObject({ src: mesh.address, ctx: 77 })
  expect(String(node.replies[0]?.data)).toBe(`pong from ${mesh.name} to hello`)

  await until(() => mesh.services.list('ping').some(({ kind }) => kind === 'plain'), "the plain node's ping is known")
  const reply = await mesh.call('ping', 'to you', { select: (providers) => providers.find(({ kind }) => kind === 'plain') })
  expect([reply.text(), reply.from, reply.verified]).toEqual(['pong', node.address, false])
  expect(String(node.pinged[0]?.data)).toBe('to you')
  expect(node.complaints).toEqual([])
}

describe('plain ALN nodes at the gateway', () => {
  it('ALN-33 over TCP: finds a member and calls it; a member finds it and calls it', async () => {
    const relay = await gateway()
    const ada = await member(relay, { name: 'Ada' })
    await exchange(ada, await plain({ address: 'py-node-1', pong: 'pong' }).connectTcp(tcpPort(relay)))
    expect(ada.peer('py-node-1')).toMatchObject({ kind: 'plain', verified: false })
  })

  it('ALN-33 over TCP byte by byte', async () => {
    const relay = await gateway()
    await exchange(await member(relay, { name: 'Ada' }), await plain({ address: 'py-node-1', pong: 'pong' }).connectTcp(tcpPort(relay), 1))
  })

  it('ALN-34 over JSON WebSocket at /', async () => {
    const relay = await gateway()
    await exchange(await member(relay, { name: 'Ada' }), await plain({ address: 'js-node-1', pong: 'pong' }).connectWebSocket(relay.ws))
  })

  it('ALN-34 over JSON WebSocket at /aln/NETWORK', async () => {
    const relay = await gateway()
    const garden = await member(relay, { name: 'Ada', network: 'the garden' })
    await exchange(garden, await plain({ address: 'js-node-1', pong: 'pong' }).connectWebSocket(`${relay.ws}/aln/the%20garden`))
  })

  it('a plain node over TCP and one over JSON reach each other', async () => {
    const relay = await gateway()
    const server = await plain({ address: 'py-node-1', pong: 'pong of py' }).connectTcp(tcpPort(relay))
    const client = await plain({ address: 'js-node-1' }).connectWebSocket(relay.ws)
    await until(() => client.services.length > 0 && client.routes.has('py-node-1'), 'the advert')
    client.call('ping', 5)
    await until(() => client.replies.length > 0, 'a reply')
    expect(String(client.replies[0]?.data)).toBe('pong of py')
    expect([...server.complaints, ...client.complaints]).toEqual([])
  })

  it.each([
    ['garden', 'TCP'],
    ['/garden', 'TCP'],
    ['/garden', 'JSON'],
  ])("MALN: the first packet '%s' over %s selects the network", async (select, over) => {
    const relay = await gateway()
    const [inside, outside] = await Promise.all([member(relay, { name: 'Ada', network: 'garden' }), member(relay, { name: 'Bob' })])
    const node = plain({ address: 'qt-node-1', pong: 'pong', select })
    await exchange(inside, await (over === 'TCP' ? node.connectTcp(tcpPort(relay)) : node.connectWebSocket(relay.ws)))
    expect([...outside.peers.values()].filter(({ kind }) => kind !== 'relay')).toEqual([])
    expect(outside.services.list()).toEqual([])
  })

  it('the only --network is the default of plain nodes; a selected other one is refused with NET_ERROR', async () => {
    const relay = await gateway({ networks: ['garden'] })
    await exchange(
      await member(relay, { name: 'Ada', network: 'garden' }),
      await plain({ address: 'py-node-1', pong: 'pong' }).connectTcp(tcpPort(relay)),
    )
    const stranger = await plain({ address: 'py-node-2', select: 'desert' }).connectTcp(tcpPort(relay))
    await until(() => stranger.closed, 'closed')
    expect(stranger.errors).toEqual([expect.stringMatching(/^NETWORK_MISMATCH .*desert/)])
  })

  it('a node that says nothing hears the relay first: QUERY, itself and its services', async () => {
    const relay = await gateway()
    const socket = connect(tcpPort(relay), '127.0.0.1')
    atEnd(() => socket.destroy())
    const first = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    expect(first.subarray(0, 2).toString('hex')).toMatch(/^[0-9a-f]{4}$/)
    expect(first.filter((byte) => byte === 0xc0).length).toBeGreaterThanOrEqual(2)
  })

  it('ALN-29 what cannot be delivered comes back as NET_ERROR', async () => {
    const relay = await gateway()
    const node = await plain({ address: 'py-node-1' }).connectTcp(tcpPort(relay))
    await until(() => node.routes.size > 0, 'greeted')
    node.send({ srv: 'ping', src: 'py-node-1', dst: 'nobody-1', ctx: 9 })
    await until(() => node.errors.length > 0, 'an error')
    expect(node.errors[0]).toMatch(/^NO_ROUTE /)
  })

  it('without --aln: one NET_ERROR and a close, over JSON and over TCP', async () => {
    const relay = await gateway({ aln: false })
    const js = await plain({ address: 'js-node-1' }).connectWebSocket(relay.ws)
    const py = await plain({ address: 'py-node-1' }).connectTcp(tcpPort(relay))
    py.send({ net: 1, src: 'py-node-1', data: Buffer.from('\x09py-node-1\x00\x01', 'latin1') })
    await until(() => js.closed && py.closed, 'both closed')
    for (const node of [js, py]) expect(node.errors).toEqual([expect.stringMatching(/^PLAIN_REFUSED /)])
  })
})

describe('bad input at the gateway: counted, and nobody else is disturbed', () => {
  it('text that is not JSON, a 2 GB length, half a packet and a hang-up, noise: others go on', async () => {
    const relay = await gateway()
    const ada = await member(relay, { name: 'Ada' })
    const good = await plain({ address: 'py-node-1', pong: 'pong' }).connectTcp(tcpPort(relay))
    await until(() => ada.services.list('ping').length > 0, 'the good one is there')

    const ws = new WebSocket(relay.ws)
    await new Promise((resolve) => ws.once('open', resolve))
    for (const text of ['not json', '', '[]', 'null', '{"net":"x"}', '{"dst":5}', '{"net":1}', '{"net":2,"data":"AA=="}']) ws.send(text)
    atEnd(() => ws.terminate())

    const binary = new WebSocket(relay.ws)
    await new Promise((resolve) => binary.once('open', resolve))
    const binaryClosed = new Promise((resolve) => binary.once('close', resolve))
    binary.send(Buffer.from([1, 2, 3]))
    expect(await binaryClosed).toBe(1003)

    for (const bytes of [
      '60802436',
      '02027fffffff',
      `0202ffff${'41'.repeat(60)}c0`,
      'c0c0c0dbdbdbdcc0',
      Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex'),
    ]) {
      const socket = connect(tcpPort(relay), '127.0.0.1')
      socket.on('error', () => {})
      socket.resume()
      socket.end(Buffer.from(bytes, 'hex'))
      await new Promise((resolve) => socket.once('close', resolve))
    }
    const flood = connect(tcpPort(relay), '127.0.0.1')
    flood.on('error', () => {})
    flood.resume()
    for (let index = 0; index < 200; index += 1) flood.write(Buffer.alloc(10_000, 0x41))
    await sleep(200)
    flood.destroy()

    expect((await ada.call('ping')).text()).toBe('pong')
    expect(good.complaints).toEqual([])
    expect(good.closed).toBe(false)
    const faults = [...relay.metrics().matchAll(/^hopmesh_faults_total\{code="([^"]+)"\} (\d+)$/gm)].map(
      ([, code, count]) => [code, Number(count)] as const,
    )
    expect(faults.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThanOrEqual(6)
  })
})
