import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { channelContractCasesFor } from '@hopmesh/core/testing'
import { describe, expect, it, vi } from 'vitest'
import { TcpChannel } from '../../src/tcp/tcp-channel.ts'
import { TcpHost } from '../../src/tcp/tcp-host.ts'
import { sleep, tcpWorld } from '../worlds.ts'

describe('ALN-41 channel contract: TCP', () => {
  for (const contractCase of channelContractCasesFor('stream')) it(contractCase.title, () => contractCase.run(tcpWorld()))
})

/** A raw socket at one end, a channel at the other. */
async function rawPair(): Promise<{ raw: Socket; channel: TcpChannel; end(): void }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const channel = await TcpChannel.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const raw = await accepted
  raw.on('error', () => {})
  return { raw, channel, end: () => (channel.close(), raw.destroy(), server.close()) }
}

function listen(channel: TcpChannel): { heard: Buffer; ended: Promise<string> } {
  const state = { heard: Buffer.alloc(0), ended: Promise.resolve('') }
  state.ended = new Promise((resolve) => {
    channel.start({
      message: (bytes) => (state.heard = Buffer.concat([state.heard, bytes])),
      drained: () => {},
      closed: (reason) => resolve(`${reason.code}: ${reason.detail}`),
    })
  })
  return state
}

describe('ALN-41 TcpChannel and TcpHost', () => {
  it('ALN-41 sends of one turn leave in one write', async () => {
    const { raw, channel, end } = await rawPair()
    const chunks: number[] = []
    const heard = new Promise<void>((resolve) => raw.on('data', (chunk) => (chunks.push(chunk.length), resolve())))
    for (let index = 0; index < 20; index += 1) channel.send(new Uint8Array(50))
    await Promise.resolve().then(() => channel.send(new Uint8Array(50)))
    await heard
    end()
    expect(chunks).toEqual([21 * 50])
  })

  it('ALN-41 what was sent arrives as it was, small or larger than a write, whatever its bytes hold afterwards', async () => {
    const { raw, channel, end } = await rawPair()
    let heard = Buffer.alloc(0)
    raw.on('data', (chunk) => (heard = Buffer.concat([heard, chunk])))
    const sent: Buffer[] = []
    for (const length of [1, 70_000, 5, 65_536, 200_000, 100, 16_384, 16_385]) {
      const message = new Uint8Array(length).fill(length % 251)
      sent.push(Buffer.from(message))
      channel.send(message)
      message.fill(0xee)
    }
    const all = Buffer.concat(sent)
    while (heard.length < all.length) await sleep(1)
    for (let round = 0; round < 3; round += 1) {
      channel.send(new Uint8Array(50_000).fill(round))
      await sleep(1)
    }
    while (heard.length < all.length + 150_000) await sleep(1)
    end()
    const later = Buffer.concat([0, 1, 2].map((round) => Buffer.alloc(50_000, round)))
    expect(heard.equals(Buffer.concat([all, later]))).toBe(true)
  })

  it('ALN-41 a reset of the other side closes the channel as lost, after what it said', async () => {
    const { raw, channel, end } = await rawPair()
    const state = listen(channel)
    raw.write('hello')
    while (state.heard.length < 5) await sleep(1)
    raw.resetAndDestroy()
    expect(await state.ended).toMatch(/^lost: .*(ECONNRESET|gone)/)
    expect(channel.send(new Uint8Array(1))).toBe(false)
    end()
  })

  it('LM who goes on talking to a closed channel is not listened to until the linger is over', async () => {
    const { raw, channel, end } = await rawPair()
    void listen(channel)
    const gone = new Promise<void>((resolve) => raw.once('close', () => resolve()))
    // The linger is never over here.
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    channel.close()
    const talk = (): void => {
      while (!raw.destroyed && raw.write(Buffer.alloc(65_536)));
      if (!raw.destroyed) raw.once('drain', talk)
    }
    talk()
    await gone
    vi.useRealTimers()
    end()
  })

  it('ALN-41 half a packet and a hang-up: the bytes, then closed, and our side of the half-open socket is shut', async () => {
    const { raw, channel, end } = await rawPair()
    const state = listen(channel)
    const rawClosed = new Promise((resolve) => raw.once('close', resolve))
    raw.end(Buffer.from('60802436', 'hex'))
    expect(await state.ended).toMatch(/^remote/)
    expect(state.heard.toString('hex')).toBe('60802436')
    await rawClosed
    end()
  })

  it('ALN-40 connect settles: refused, unknown host, aborted', async () => {
    await expect(TcpChannel.connect({ host: '127.0.0.1', port: 1 })).rejects.toMatchObject({ code: 'LINK_FAILED' })
    await expect(TcpChannel.connect({ host: 'nowhere.invalid', port: 1 })).rejects.toMatchObject({ code: 'LINK_FAILED' })
    const abort = new AbortController()
    const connecting = TcpChannel.connect({ host: '10.255.255.1', port: 9, signal: abort.signal })
    abort.abort()
    await expect(connecting).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(TcpChannel.connect({ host: '127.0.0.1', port: 1, signal: abort.signal })).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('ALN-41 a taken port is PORT_IN_USE and names the port; close ends every channel', async () => {
    const host = new TcpHost()
    const channels: TcpChannel[] = []
    const { port } = await host.listen({ port: 0 }, (channel) => channels.push(channel))
    await expect(new TcpHost().listen({ port }, () => {})).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(String(port)),
    })
    const client = await TcpChannel.connect({ host: '127.0.0.1', port })
    const { ended } = listen(client)
    while (channels.length === 0) await sleep(1)
    expect(channels).toHaveLength(1)
    await host.close()
    await host.close()
    expect(await ended).toMatch(/^(remote|lost)/)
  })
})
