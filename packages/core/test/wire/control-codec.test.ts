import { describe, expect, it } from 'vitest'
import { ControlDecoder, ControlEncoder } from '../../src/wire/control-codec.ts'
import { addressBytesMax, controlItemBytesMax, routeEntriesMax } from '../../src/wire/control-item.ts'
import type { ControlMessage, RouteEntry } from '../../src/wire/control.ts'
import { encodeItems, linkFrameBytesMax } from '../../src/wire/link-frame.ts'
import { namesMax } from '../../src/wire/recent-names.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { fromHex } from './vectors.ts'

function entry(at: number, seq48: number = 65_536 * 1_700_000_000 + at): RouteEntry {
  return {
    destination: `k${String(at).padStart(26, 'a')}.wxyz`,
    seq48,
    metric: at % 70_000 > 65_534 ? 65_535 : at % 65_536,
    hops: at % 256,
  }
}

function across(encoder: ControlEncoder, decoder: ControlDecoder, message: ControlMessage): (ControlMessage | object)[] {
  return encoder.encode(message).map((item) => decoder.decode(item))
}

describe('control messages', () => {
  it.each<ControlMessage>([
    { type: 'routes', entries: [], complete: true },
    { type: 'routes', entries: [], complete: false },
    { type: 'routes', entries: [{ ...entry(1), fragile: true }], complete: false },
    { type: 'routes', entries: [entry(1), entry(2, 0), entry(3, 2 ** 48 - 1)], complete: false },
    { type: 'routes', entries: [{ ...entry(1), metric: 65_535 }], complete: true },
    {
      type: 'pull',
      wanted: [
        { address: 'a', seq48: 0 },
        { address: 'né', seq48: 2 ** 48 - 1 },
      ],
    },
    { type: 'records', records: [fromHex(''), fromHex('0102'), new Uint8Array(500)] },
    { type: 'request', destination: 'kb', seq48: 2 ** 47 + 3, hops: 16 },
    { type: 'ping', nonce: 0, told: { hash: 0, count: 0 } },
    { type: 'pong', nonce: Number.MAX_SAFE_INTEGER, told: { hash: 0xffff_fffe, count: 20_000 } },
    { type: 'refresh' },
    { type: 'closing' },
    { type: 'rows', max: 500 },
    { type: 'pace', seconds: 50 },
    { type: 'more', more: true },
    { type: 'notice', code: 'RESTARTING', text: 'back in a minute – né' },
    { type: 'prune', tree: '' },
    {
      type: 'have',
      offer: true,
      ids: [{ origin: 'ka', epoch: 7, fleeting: true, counter: 300, ownTree: true, repaired: true, heldMs: 1_300 }],
    },
    {
      type: 'have',
      offer: false,
      ids: [1, 2, 9].flatMap((counter) =>
        ['ka', 'kb'].map((origin) => ({ origin, epoch: 7, fleeting: false, counter, ownTree: false, repaired: false, heldMs: 0 })),
      ),
    },
    { type: 'graft', tree: 'ka', eager: true, ids: [] },
    { type: 'graft', tree: '', eager: false, ids: [{ origin: 'ka', epoch: 2 ** 32 - 1, fleeting: false, counter: 2 ** 32 - 1 }] },
    { type: 'digest', hash: 0xffff_fffe, count: 1_000 },
    { type: 'holds', answer: true, rows: [] },
    {
      type: 'holds',
      answer: false,
      rows: [
        {
          origin: 'ka',
          epoch: 7,
          fleeting: false,
          ranges: [
            { start: 1, end: 5 },
            { start: 9, end: 10 },
          ],
        },
      ],
    },
    { type: 'want', rows: ['ka', 'kb'].map((origin) => ({ origin, epoch: 8, fleeting: false, ranges: [{ start: 1, end: 2 ** 32 }] })) },
    { type: 'receipts', receipts: [fromHex('0102'), fromHex('')] },
  ])('carries $type', (message) => {
    const encoder = new ControlEncoder()
    const decoder = new ControlDecoder()
    // Twice: the second time the names are known.
    for (let round = 0; round < 2; round++) expect(across(encoder, decoder, message)).toEqual([message])
  })

  it('a row that is known costs a few bytes', () => {
    const encoder = new ControlEncoder()
    const decoder = new ControlDecoder()
    const rows = Array.from({ length: namesMax }, (_, at) => entry(at))
    across(encoder, decoder, { type: 'routes', entries: rows, complete: true })
    const next = rows.map((row) => ({ ...row, seq48: row.seq48 + 1, metric: 100 }))
    const items = encoder.encode({ type: 'routes', entries: next, complete: false })
    expect(items[0]!.length).toBeLessThan(namesMax * 6)
    expect(decoder.decode(items[0]!)).toEqual({ type: 'routes', entries: next, complete: false })
  })

  it('names that are not kept make entries longer and lose none', () => {
    const encoder = new ControlEncoder()
    const decoder = new ControlDecoder()
    encoder.keepNames(16)
    for (let round = 0; round < 3; round++) {
      for (const count of [10, 100, 5_000]) {
        const entries = Array.from({ length: count }, (_, at) => entry(at))
        const parts = across(encoder, decoder, { type: 'routes', entries, complete: round === 1 }) as Extract<
          ControlMessage,
          { type: 'routes' }
        >[]
        expect(parts.flatMap((part) => part.entries)).toEqual(entries)
      }
    }
  })

  it('splits what no frame holds; a dump is whole only at its end', () => {
    const encoder = new ControlEncoder()
    const decoder = new ControlDecoder()
    const entries = Array.from({ length: 10_000 }, (_, at) => entry(at))
    const items = encoder.encode({ type: 'routes', entries, complete: true })
    expect(items.length).toBeGreaterThan(2)
    for (const item of items) {
      expect(item.length).toBeLessThanOrEqual(controlItemBytesMax)
      expect(1 + encodeItems([item]).length + 16).toBeLessThanOrEqual(linkFrameBytesMax)
    }
    const messages = items.map((item) => decoder.decode(item))
    expect(messages.at(-1)).toEqual({ type: 'routes', entries, complete: true })
    for (const early of messages.slice(0, -1)) expect(early).toEqual({ type: 'routes', entries: [], complete: false })
    const parts = across(encoder, decoder, { type: 'routes', entries, complete: false }) as Extract<ControlMessage, { type: 'routes' }>[]
    expect(parts.flatMap((part) => part.entries)).toEqual(entries)
    expect(parts.every((part) => !part.complete && part.entries.length <= routeEntriesMax)).toBe(true)
  })

  it('splits records and pulls', () => {
    const encoder = new ControlEncoder()
    const decoder = new ControlDecoder()
    const records = Array.from({ length: 300 }, (_, at) => new Uint8Array(700).fill(at))
    const got = across(encoder, decoder, { type: 'records', records }) as Extract<ControlMessage, { type: 'records' }>[]
    expect(got.length).toBeGreaterThan(3)
    expect(got.flatMap((message) => message.records)).toEqual(records)
    const wanted = Array.from({ length: 9_000 }, (_, at) => ({ address: entry(at).destination, seq48: at }))
    const pulls = across(encoder, decoder, { type: 'pull', wanted }) as Extract<ControlMessage, { type: 'pull' }>[]
    expect(pulls.flatMap((message) => message.wanted)).toEqual(wanted)
    expect(() => encoder.encode({ type: 'records', records: [new Uint8Array(65_000)] })).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    )
  })

  it('only the last names are remembered, at both ends the same ones', () => {
    const encoder = new ControlEncoder()
    const decoder = new ControlDecoder()
    const bytesOf = (entries: RouteEntry[]): number => {
      const items = encoder.encode({ type: 'routes', entries, complete: false })
      expect(items.map((item) => decoder.decode(item))).toEqual([{ type: 'routes', entries, complete: false }])
      return items.reduce((sum, { length }) => sum + length, 0)
    }
    const rows = Array.from({ length: 3 * namesMax }, (_, at) => entry(at))
    bytesOf(rows)
    expect(bytesOf(rows.slice(-namesMax))).toBeLessThan(namesMax * 8)
    // The oldest of them makes room for one that was forgotten, and is itself forgotten then.
    expect(bytesOf([rows[0]!])).toBeGreaterThan(32)
    expect(bytesOf(rows.slice(-namesMax + 1))).toBeLessThan(namesMax * 8)
    expect(bytesOf([rows.at(-namesMax)!])).toBeGreaterThan(32)
  })

  it('a message that we may not send leaves the two ends in step', () => {
    const encoder = new ControlEncoder()
    const decoder = new ControlDecoder()
    across(encoder, decoder, { type: 'routes', entries: [entry(1)], complete: true })
    const bad = { ...entry(3), destination: 'x'.repeat(addressBytesMax + 1) }
    expect(() => encoder.encode({ type: 'routes', entries: [entry(2), bad], complete: false })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
    const message: ControlMessage = { type: 'routes', entries: [entry(2), entry(1)], complete: false }
    expect(across(encoder, decoder, message)).toEqual([message])
  })

  it('types of tomorrow can be skipped', () => {
    expect(new ControlDecoder().decode(fromHex('c80102'))).toMatchObject({ code: 'unknown-kind' })
    expect(new ControlDecoder().decode(fromHex(''))).toMatchObject({ code: 'bad-value' })
  })

  it('answers a fault wherever a message is cut', () => {
    const messages: ControlMessage[] = [
      { type: 'routes', entries: [entry(1), entry(2)], complete: true },
      { type: 'pull', wanted: [{ address: 'ka', seq48: 1 }] },
      { type: 'records', records: [fromHex('010203')] },
      { type: 'request', destination: 'kb', seq48: 3, hops: 16 },
    ]
    for (const message of messages) {
      const [item] = new ControlEncoder().encode(message)
      for (let length = 0; length < item!.length; length++) {
        expect(isWireFault(new ControlDecoder().decode(item!.slice(0, length))), `${message.type} at ${length}`).toBe(true)
      }
    }
  })

  it('after a fault in routes nothing is read with names that may be wrong', () => {
    const encoder = new ControlEncoder()
    const decoder = new ControlDecoder()
    across(encoder, decoder, { type: 'routes', entries: [entry(1)], complete: true })
    const [lost] = encoder.encode({ type: 'routes', entries: [entry(2)], complete: false })
    expect(decoder.decode(lost!.slice(0, -1))).toMatchObject({ code: 'bad-value' })
    expect(across(encoder, decoder, { type: 'routes', entries: [entry(2)], complete: false })).toMatchObject([{ code: 'bad-value' }])
    expect(across(new ControlEncoder(), decoder, { type: 'routes', entries: [entry(2)], complete: false })).toMatchObject([
      { type: 'routes' },
    ])
  })

  it.each([
    ['more rows than a message may have', '010f8120'],
    ['a count above the bytes', '010f05'],
    ['a name that nobody gave', '010f01050000000000'],
    ['an empty address', '010f0100000000000000'],
    ['an address above its bound', `010f010065${'61'.repeat(101)}00000000`],
    ['a number below zero', '010f010001610001000000'],
    ['a number above 48 bits', '010f01000161008080808080808001000000'],
    ['a metric above 16 bits', '010f010001610000808004ff'],
    ['a dump without its beginning', '010d00'],
    ['routes before any beginning', '010600'],
    ['a varint without end', '05ffffffffffffffffff01'],
    ['a pull of too many', '028120'],
    ['records of too many', '038120'],
    ['a notice that is no text', '0701ff'],
  ])('refuses %s', (_, hex) => {
    expect(isWireFault(new ControlDecoder().decode(fromHex(hex)))).toBe(true)
  })

  it('a dump that never ends is a fault', () => {
    const encoder = new ControlEncoder()
    const decoder = new ControlDecoder()
    const [item] = encoder.encode({ type: 'routes', entries: Array.from({ length: 4_000 }, () => entry(1)), complete: true })
    const endless = (first: boolean): Uint8Array => {
      const copy = item!.slice()
      copy[1] = first ? 1 | 2 | 8 : 1 | 8
      return copy
    }
    let answer = decoder.decode(endless(true))
    for (let count = 0; count < 20 && !isWireFault(answer); count++) answer = decoder.decode(endless(false))
    expect(answer).toMatchObject({ code: 'too-long' })
  })
})
