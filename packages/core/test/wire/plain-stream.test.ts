import { describe, expect, it } from 'vitest'
import { decodeServiceAdvert } from '../../src/wire/adverts.ts'
import { frame } from '../../src/wire/kiss.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import type { DecodedPacket } from '../../src/wire/packet.ts'
import { PlainStreamReader } from '../../src/wire/plain-stream.ts'
import { isWireFault, type WireFault } from '../../src/wire/wire-fault.ts'
import { fromHex, packetOf, robustness, shown, toHex, vectors, type Divergence, type Vector } from './vectors.ts'

const goodPacket = { service: 'ping', srcAddr: 'c1', destAddr: 'h1', contextID: 7, data: fromHex('6869') }
const good = frame(encodePacket(goodPacket))

function reader(): PlainStreamReader {
  return new PlainStreamReader({ packetBytesMax: 70_000 })
}

function feed(stream: PlainStreamReader, bytes: Uint8Array, step: number): (DecodedPacket | WireFault)[] {
  const out: (DecodedPacket | WireFault)[] = []
  for (let at = 0; at < bytes.length; at += step) out.push(...stream.push(bytes.slice(at, at + step)))
  return out
}

/** python: C0 becomes C0 DC. */
function asPython(packet: Uint8Array): Uint8Array {
  return new Uint8Array([...packet].flatMap((byte) => (byte === 0xc0 ? [0xc0, 0xdc] : byte === 0xdb ? [0xdb, 0xdd] : [byte])).concat(0xc0))
}

/** The Arduino sketch: nothing is escaped. */
function asSketch(packet: Uint8Array): Uint8Array {
  return new Uint8Array([...packet, 0xc0])
}

/** Android: the frame is framed once more. */
function asAndroid(packet: Uint8Array): Uint8Array {
  return frame(frame(packet))
}

/** Adverts of java and qt carry a source, java pads them: both legal to read as the same advert. */
function meaning(packet: DecodedPacket | WireFault | object): unknown {
  if (isWireFault(packet) || (packet as DecodedPacket).netState !== 2) return shown(packet)
  return { service: decodeServiceAdvert((packet as DecodedPacket).data ?? new Uint8Array(0)) }
}

const sized = 'the sender counts characters, so its lengths are wrong: which byte ends the text cannot be known'
const mangled = 'the sender writes each byte above 7F as two and counts one: the end of the data never leaves it'
const cut = 'the sender sizes the advert by its own name: the end of it never leaves it'
/** What cannot be read as it was meant, and why. */
function unreadable(vector: Vector, { impl, why }: Divergence): string | undefined {
  if (why.startsWith('length byte')) return sized
  if (impl === 'node' && why.startsWith('data is a binary string')) return mangled
  const name = `${vector.id} ${impl}`
  if (name === 'service-host-longer java' || name === 'service-long java' || name === 'service-255 java') return cut
  if (name === 'cf-dst-nxt arduino')
    return 'its first two bytes are END and END: two empty frames. Nobody sends a packet of two addresses only'
  return undefined
}

describe('ALN-33 PY-35 what the stacks really send', () => {
  const rows = vectors.flatMap((vector) =>
    (vector.divergences ?? [])
      .filter(({ frameHex }) => typeof frameHex === 'string')
      .map((divergence) => ({ vector, divergence, name: `${vector.id} ${divergence.impl}`, reason: unreadable(vector, divergence) })),
  )

  it.each(rows.filter(({ reason }) => reason === undefined))('is read as meant: $name', ({ vector, divergence }) => {
    const bytes = fromHex(divergence.frameHex as string)
    for (const step of [1, 7, bytes.length]) {
      const stream = reader()
      const got = [...feed(stream, bytes, step), ...feed(stream, good, step)]
      expect(got.map(meaning)).toEqual([meaning(packetOf(vector.fields)), shown(goodPacket)])
    }
  })

  it.each(rows.filter(({ reason }) => reason !== undefined))(
    'cannot be read as meant, and does no harm: $name ($reason)',
    ({ vector, divergence }) => {
      const stream = reader()
      const got = stream.push(fromHex(divergence.frameHex as string)).map(meaning)
      expect(got).not.toEqual([meaning(packetOf(vector.fields))])
      expect(stream.push(good).map(shown).at(-1)).toEqual(shown(goodPacket))
    },
  )

  it.each(vectors.filter(({ packetHex }) => packetHex !== '0000'))('every packet in every spelling: $id', (vector) => {
    const packet = encodePacket(packetOf(vector.fields), { crc: vector.crc })
    for (const spell of [frame, asPython, asAndroid, asSketch]) {
      if (spell === asSketch && (vector.id === 'cf-dst-nxt' || packet.length > 60_000)) continue
      const stream = reader()
      const got = [...stream.push(spell(packet)), ...stream.push(good)].map(shown)
      expect(got, spell.name).toEqual([shown(packetOf(vector.fields)), shown(goodPacket)])
    }
  })

  it('reads every recorded frame a byte at a time, and all of them in one chunk', () => {
    const frames = vectors.map((vector) => frame(encodePacket(packetOf(vector.fields), { crc: vector.crc })))
    const expected = vectors.map((vector) => shown(packetOf(vector.fields)))
    const all = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const bytes of frames) {
      all.set(bytes, at)
      at += bytes.length
    }
    expect(reader().push(all).map(shown)).toEqual(expected)
    expect(feed(reader(), all, 1).map(shown)).toEqual(expected)
    expect(feed(reader(), all, 1_000).map(shown)).toEqual(expected)
  })
})

/** What the tolerant reading makes of each recorded stream; the good frame behind it is always read. */
const outcomes: Record<string, readonly object[]> = {
  'empty-frame': [],
  'double-end-first': [goodPacket],
  'one-byte': [{ code: 'truncated' }],
  'truncated-string': [{ code: 'truncated' }],
  'trailing-junk': [goodPacket],
  'android-ble-double-frame': [goodPacket],
  'python-c0dc-data': [{ destAddr: 'h1', contextID: 5, data: fromHex('41c042') }],
  'esc-unknown': [{ code: 'truncated' }],
  'zero-len-strings': [{}],
  'zero-len-data': [{ destAddr: 'h1' }],
  'crc-data': [{ srcAddr: 'c1', destAddr: 'h1', contextID: 7, data: fromHex('68656c6c6f') }],
  'crc-bad': [{ code: 'bad-value' }],
  'route-empty-data': [{ netState: 1, srcAddr: 'a' }],
  'service-short': [{ netState: 2, data: fromHex('056162') }],
}

describe('ALN-33 ALN-32 streams that are not as they should be', () => {
  it.each(robustness)('$id, then a good frame', ({ id, streamHex }) => {
    const expected = id.startsWith('cf-flip-bit') ? [goodPacket] : outcomes[id]
    expect(expected, 'no outcome stated').toBeDefined()
    for (const step of [1, 4_096]) {
      const stream = reader()
      const got = [...feed(stream, fromHex(streamHex), step), ...stream.push(good)].map(shown)
      expect(got.map((row) => ({ ...row, detail: undefined }))).toEqual([...expected!.map(shown), shown(goodPacket)])
    }
  })

  it('ALN-33 waits for the next byte where a frame is whole as the sketch writes and unfinished as python does', () => {
    // At the raw END the first two bytes, escaped, are as long as all four.
    const python = { ...goodPacket, data: fromHex('dbdbc0dc') }
    expect(feed(reader(), new Uint8Array([...asPython(encodePacket(python)), ...good]), 1).map(shown)).toEqual(
      [python, goodPacket].map(shown),
    )
    const sketch = { ...goodPacket, data: fromHex('dbdddbdd') }
    expect(feed(reader(), new Uint8Array([...asSketch(encodePacket(sketch)), ...good]), 1).map(shown)).toEqual(
      [sketch, goodPacket].map(shown),
    )
  })

  it('reads the next good frame after any frame that was cut short', () => {
    for (const { packetHex } of vectors) {
      if (packetHex === null || packetHex.length > 1_200) continue
      const bytes = fromHex(packetHex)
      for (let length = 1; length < bytes.length; length++) {
        const stream = reader()
        const got = [...stream.push(frame(bytes.slice(0, length))), ...stream.push(good)]
        expect(shown(got.at(-1)!), `${packetHex.slice(0, 40)} cut at ${length}`).toEqual(shown(goodPacket))
        expect(got.filter(isWireFault).length + got.length).toBeLessThanOrEqual(3)
      }
    }
  })

  it('ALN-31 an endless frame is one fault, takes no memory and ends at the next END', () => {
    const stream = new PlainStreamReader({ packetBytesMax: 1_000 })
    const noise = new Uint8Array(999).fill(0x41)
    const got: (DecodedPacket | WireFault)[] = []
    for (let count = 0; count < 500; count++) got.push(...stream.push(noise))
    expect(got).toMatchObject([{ code: 'too-long' }])
    expect(stream.push(new Uint8Array([0xc0]))).toEqual([])
    expect(stream.push(good).map(shown)).toEqual([shown(goodPacket)])
    expect(feed(stream, new Uint8Array([...new Uint8Array(5_000).fill(1), 0xc0, ...good]), 100)).toMatchObject([
      { code: 'too-long' },
      { contextID: 7 },
    ])
  })

  it('ALN-31 a packet above the bound is a fault, one at the bound is read', () => {
    const stream = new PlainStreamReader({ packetBytesMax: 1_000 })
    const fits = frame(encodePacket({ data: new Uint8Array(996).fill(0xc0) }))
    const over = frame(encodePacket({ data: new Uint8Array(997).fill(0x55) }))
    expect(stream.push(fits)).toMatchObject([{ data: new Uint8Array(996).fill(0xc0) }])
    expect(stream.push(over)).toMatchObject([{ code: 'too-long' }])
  })

  it('a declared length allocates nothing, and a raw END cannot make it wait for ever', () => {
    const stream = new PlainStreamReader({ packetBytesMax: 2_000 })
    const got: (DecodedPacket | WireFault)[] = []
    got.push(...stream.push(fromHex('e002ffff41c0')))
    for (let count = 0; count < 10_000; count++) got.push(...stream.push(fromHex('4141c0')))
    expect(got.length).toBeGreaterThan(0)
    expect(got.every((entry) => isWireFault(entry) && (entry.code === 'too-long' || entry.code === 'truncated'))).toBe(true)
    got.length = 0
    expect(shown(stream.push(good).at(-1)!)).toEqual(shown(goodPacket))
  })

  it('a flood of half escapes costs time in proportion to its bytes', () => {
    for (const pattern of ['c0dc', 'c0', 'dbdcc0', 'c0dcdbdc', 'c020c0']) {
      const stream = new PlainStreamReader({ packetBytesMax: 66_577 })
      const flood = fromHex(`e002ffff${pattern.repeat(100_000)}`)
      // Of this process, in microseconds: what else the machine does is no cost of ours.
      const before = process.cpuUsage()
      stream.push(flood)
      expect(process.cpuUsage(before).user, pattern).toBeLessThan(2_000_000)
      expect(shown(stream.push(new Uint8Array([0x41, 0xc0, 0x41, 0xc0, ...good])).at(-1)!), pattern).toEqual(shown(goodPacket))
    }
  })

  it('ALN-33 reads frames with and without escapes in one chunk, each as if it came alone', () => {
    const bytes = [0x07, 0xc0, 0xdb, 0xdc, 0xdd]
    const packets = Array.from({ length: 200 }, (_, at) => ({
      srcAddr: 'a',
      contextID: at + 1,
      data: new Uint8Array(9).fill(bytes[(at * at) % 5]!),
    }))
    const chunk = Uint8Array.from(packets.flatMap((packet) => [...frame(encodePacket(packet))]))
    expect(reader().push(chunk).map(shown)).toEqual(packets.map(shown))
    expect(feed(reader(), chunk, 64).map(shown)).toEqual(packets.map(shown))
  })

  it('keeps the order of packets and faults', () => {
    const stream = reader()
    const chunk = new Uint8Array([...good, ...fromHex('f38a0470c0'), ...good, 0xc0, ...good])
    expect(stream.push(chunk).map((entry) => (isWireFault(entry) ? entry.code : toHex(entry.data!)))).toEqual([
      '6869',
      'truncated',
      '6869',
      '6869',
    ])
  })
})
