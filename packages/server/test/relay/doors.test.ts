import { encodePacket, frame, memoryChannelPair } from '@hopmesh/core'
import { VirtualClock } from '@hopmesh/core/testing'
import type { ChannelWorld } from '@hopmesh/core/testing'
import { channelContractCasesFor } from '@hopmesh/core/testing'
import { describe, expect, it } from 'vitest'
import { Greetings } from '../../src/relay/greetings.ts'
import { FaultCount, prometheusText } from '../../src/relay/metrics.ts'
import { readHello, readStreamSelection, readTextSelection } from '../../src/relay/network-choice.ts'
import { OpeningChannel, type WaitingChannel } from '../../src/relay/opening-channel.ts'
import { isLoopback, originAllowed } from '../../src/relay/origins.ts'

describe('origins (SE17)', () => {
  it('a relay bound to loopback takes loopback pages and those that were named', () => {
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1', 'https://[::1]:8', 'http://app.localhost', undefined]) {
      expect(originAllowed(origin, '127.0.0.1', [])).toBe(true)
    }
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1.evil.example', 'http://localhost.evil.example', 'garbage']) {
      expect(originAllowed(origin, '127.0.0.1', [])).toBe(false)
      expect(originAllowed(origin, 'localhost', ['https://app.example'])).toBe(false)
    }
    expect(originAllowed('https://app.example', '127.0.0.1', ['https://app.example'])).toBe(true)
  })

  it('a relay for the network takes every page, or only those that were named', () => {
    expect(originAllowed('https://any.example', '0.0.0.0', [])).toBe(true)
    expect(originAllowed('https://any.example', '0.0.0.0', ['https://app.example'])).toBe(false)
    expect(isLoopback('0.0.0.0')).toBe(false)
    expect(isLoopback('127.8.9.1')).toBe(true)
  })
})

describe('SE16 greetings under way', () => {
  const given = (closed: string[], name: string) => ({ close: () => void closed.push(name) })

  it('one address beyond its share closes its own oldest; nobody else is touched', () => {
    const closed: string[] = []
    const greetings = new Greetings({ greetingsPerAddressMax: 2, greetingsMax: 10 })
    greetings.begin('b', given(closed, 'b1'))
    for (const name of ['a1', 'a2', 'a3', 'a4']) greetings.begin('a', given(closed, name))
    expect(closed).toEqual(['a1', 'a2'])
    expect(greetings.size).toBe(3)
  })

  it('beyond the whole the oldest of all makes room; an ended one counts no more', () => {
    const closed: string[] = []
    const greetings = new Greetings({ greetingsPerAddressMax: 9, greetingsMax: 2 })
    const first = given(closed, 'first')
    greetings.begin('a', first)
    greetings.begin('b', given(closed, 'second'))
    greetings.end(first)
    greetings.end(first)
    greetings.begin('c', given(closed, 'third'))
    greetings.begin('d', given(closed, 'fourth'))
    expect(closed).toEqual(['second'])
    expect(greetings.size).toBe(2)
  })
})

describe('how the first words name a network', () => {
  const select = (name: string): Uint8Array => frame(encodePacket({ destAddr: name }))
  const query = frame(encodePacket({ netState: 3 }))

  it('MALN: a destination and nothing else, with or without slash, alone or with more behind it', () => {
    expect(readStreamSelection(Buffer.concat([Buffer.of(0xc0, 0xc0), select('garden')]))).toMatchObject({ choice: 'garden' })
    expect(readStreamSelection(select('garden'))).toEqual({ choice: 'garden', rest: new Uint8Array(0) })
    const both = Buffer.concat([select('/garden'), query])
    const opening = readStreamSelection(both)
    expect(opening).toMatchObject({ choice: 'garden' })
    expect(opening !== 'more' && Buffer.from(opening.rest).equals(query)).toBe(true)
  })

  it('fed byte by byte, the name is known with the last byte', () => {
    const bytes = select('gar\u06c0den')
    for (let length = 0; length < bytes.length; length += 1) expect(readStreamSelection(bytes.subarray(0, length))).toBe('more')
    expect(readStreamSelection(bytes)).toMatchObject({ choice: 'gar\u06c0den' })
  })

  it('any other first packet, garbage and endless bytes select nothing and are kept whole', () => {
    for (const bytes of [
      query,
      frame(encodePacket({ destAddr: 'x', data: 'y' })),
      Buffer.from('GET / HTTP/1.1\r\n\r\n\xc0', 'latin1'),
      new Uint8Array(500),
      new Uint8Array(65_536).fill(0xc0),
    ]) {
      expect(readStreamSelection(bytes)).toEqual({ choice: '', rest: bytes })
    }
  })

  it('as JSON', () => {
    const text = (value: string): Uint8Array => new TextEncoder().encode(value)
    expect(readTextSelection(text('{"cf":24704,"net":null,"dst":"/garden","typ":0,"data":""}'))).toMatchObject({ choice: 'garden' })
    for (const other of ['{"net":3}', 'not json', '{"dst":"x","srv":"ping"}', '[]', 'null']) {
      expect(readTextSelection(text(other))).toEqual({ choice: '', rest: text(other) })
    }
  })

  it('what is no hello is told, never thrown', () => {
    for (const bytes of [new Uint8Array(1), Uint8Array.of(6, 1), Uint8Array.of(1), Uint8Array.of(1, 1, 1, 200), new Uint8Array(70_000)]) {
      const opening = readHello(bytes)
      expect(opening !== 'more' && typeof opening.choice).toBe('string')
    }
  })
})

describe('ALN-40 channel contract: a channel that was listened to', () => {
  const world = (): ChannelWorld => {
    const clock = new VirtualClock()
    return {
      async open() {
        const [dialer, inner] = memoryChannelPair(clock, { carries: 'stream' })
        const listener = new OpeningChannel(inner as WaitingChannel, clock, { received: 0, sent: 0 })
        const choosing = listener.choose(() => 'more', clock, 10)
        await clock.advance(10)
        await choosing
        return { dialer, listener }
      },
      wait: (ms) => clock.advance(ms),
    }
  }
  for (const contractCase of channelContractCasesFor('stream')) it(contractCase.title, () => contractCase.run(world()))

  it('ALN-40 who sends may use its memory again just where the channel inside copies', () => {
    const clock = new VirtualClock()
    const [, inner] = memoryChannelPair(clock, { carries: 'stream' })
    for (const copiesMessages of [true, undefined]) {
      const around = Object.assign(Object.create(inner) as WaitingChannel, { copiesMessages, start: () => {} })
      expect(new OpeningChannel(around, clock, { received: 0, sent: 0 }).copiesMessages).toBe(copiesMessages)
    }
  })

  it('ALN-40 a channel that closes while nothing is chosen yet settles the choice', async () => {
    const clock = new VirtualClock()
    const [dialer, inner] = memoryChannelPair(clock, { carries: 'stream' })
    const listener = new OpeningChannel(inner as WaitingChannel, clock, { received: 0, sent: 0 })
    const choosing = listener.choose(() => 'more', clock, 60_000)
    dialer.close()
    await clock.advance(1)
    expect(await choosing).toBeUndefined()
    expect(listener.over).toBe(true)
  })
})

describe('metrics', () => {
  it('labels that a stranger could choose are bounded', () => {
    const faults = new FaultCount()
    for (let index = 0; index < 500; index += 1)
      faults.add(`CODE_${String.fromCharCode(65 + (index % 26))}${String.fromCharCode(65 + Math.floor(index / 26))}`)
    faults.add('"} evil 1\n')
    expect(faults.byCode.size).toBeLessThanOrEqual(65)
    const text = prometheusText({
      networks: 1,
      links: 2,
      members: 3,
      greetings: 0,
      packetsForwarded: 4,
      bytes: { received: 5, sent: 6 },
      faults: faults.byCode,
    })
    expect(text).toMatch(/^hopmesh_members 3$/m)
    expect(text).not.toContain('evil')
  })
})
