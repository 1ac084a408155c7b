import { connect } from 'node:net'
import { queryObjects } from 'node:v8'
import { afterEach, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { OpeningChannel } from '../../src/relay/opening-channel.ts'
import { subprotocol } from '../../src/websocket/limits.ts'
import { endAll, member, relayOf, tcpPort, until } from './relay-world.ts'

afterEach(endAll)

it('LM of connections that have ended a relay keeps nothing, however they ended', { timeout: 120_000 }, async () => {
  const relay = await relayOf({ aln: true, tcp: 0, limits: { silenceMs: 5_000 } })
  const stays = await member(relay)
  for (let round = 0; round < 3; round += 1) {
    const [one, two] = await Promise.all([member(relay), member(relay)])
    one.services.register('echo', (request) => request.text())
    await two.services.wait('echo')
    await two.call('echo', 'hello')
    await two.broadcast('and goodbye')
    await Promise.all([one.close(), two.close()])
    // One that says nothing and is cut, one that says what nobody can read, and one that is no member.
    const [silent, noisy] = [1, 2].map(() => new WebSocket(relay.ws, subprotocol, { perMessageDeflate: false }))
    await Promise.all([silent, noisy].map((socket) => new Promise((resolve) => socket?.once('open', resolve))))
    silent?.terminate()
    noisy?.on('error', () => {}).send(Buffer.alloc(100, 0x55))
    const plain = connect({ port: tcpPort(relay) })
    await new Promise((resolve) => plain.once('connect', resolve))
    plain.end(Buffer.alloc(100, 0x55))
    plain.resume()
  }
  // Each look collects the garbage first.
  await until(() => queryObjects(OpeningChannel) === 1, 'nothing but the one that stays')
  expect(stays.peers.size).toBeGreaterThan(0)
})
