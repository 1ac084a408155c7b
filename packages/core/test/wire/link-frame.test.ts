import { describe, expect, it } from 'vitest'
import {
  FrameBatch,
  decodeHello,
  decodeLinkFrame,
  decodeRefusal,
  decodeReply,
  encodeHello,
  encodeItemFrame,
  encodeItems,
  encodeLinkFrame,
  encodeRefusal,
  encodeReply,
  frameItemsMax,
  frameKinds,
  linkFrameBytesMax,
  readItems,
  type ItemToWrite,
  type LinkFrame,
} from '../../src/wire/link-frame.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { decodeServiceAdvert, decodeRouteAdvert, encodeRouteAdvert, encodeServiceAdvert } from '../../src/wire/adverts.ts'
import {
  encodeMeshPacket,
  hopLimitStart,
  largeMeshPacketBytesMax,
  meshPacketBytesMax,
  meshPacketToWrite,
  readMeshPacket,
} from '../../src/wire/mesh-packet.ts'
import { decodePacket } from '../../src/wire/packet-codec.ts'
import { fromHex, shown, toHex } from './vectors.ts'

function body(frame: Uint8Array): Uint8Array {
  return (decodeLinkFrame(frame) as LinkFrame).body
}

/** It says that it takes `most` bytes, and takes fewer. */
function toWrite(bytes: Uint8Array, most: number): ItemToWrite {
  return {
    length: most,
    writeInto(out, at) {
      out.set(bytes, at)
      return at + bytes.length
    },
  }
}

describe('link frames', () => {
  it('has a kind and a body; kinds of tomorrow are handed on', () => {
    expect(decodeLinkFrame(encodeLinkFrame(frameKinds.finish, fromHex('0102')))).toEqual({
      kind: 3,
      body: fromHex('0102'),
      whole: fromHex('030102'),
    })
    expect(decodeLinkFrame(fromHex('c801'))).toEqual({ kind: 200, body: fromHex('01'), whole: fromHex('c801') })
    expect(decodeLinkFrame(new Uint8Array(0))).toMatchObject({ code: 'truncated' })
    expect(decodeLinkFrame(new Uint8Array(linkFrameBytesMax + 1))).toMatchObject({ code: 'too-long' })
  })

  it('carries items of every length', () => {
    const items = [0, 1, 127, 128, 16_383, 16_384, 20_000].map((length) => new Uint8Array(length).fill(length))
    const frame = encodeLinkFrame(frameKinds.packets, encodeItems(items))
    const batch = new FrameBatch(frameKinds.packets)
    expect(items.map((item) => batch.add(item))).not.toContain(false)
    expect(batch.take()).toEqual(frame)
    const read = readItems(body(frame))
    expect(read).toEqual(items)
    // Large items are not copied; small ones are, which costs less.
    expect((read as Uint8Array[])[3]!.buffer).toBe(frame.buffer)
    expect((read as Uint8Array[])[1]!.buffer).not.toBe(frame.buffer)
  })

  it('a batch takes no more than a frame and starts anew', () => {
    const batch = new FrameBatch(frameKinds.packets)
    const item = new Uint8Array(10_000).fill(7)
    let taken = 0
    while (batch.add(item)) taken++
    expect(taken).toBe(6)
    const first = batch.take()
    expect(first.length).toBeLessThanOrEqual(linkFrameBytesMax)
    expect(batch.items).toBe(0)
    expect(batch.add(fromHex('aa'))).toBe(true)
    expect(toHex(batch.take())).toBe('0601aa')
    expect(readItems(body(first))).toEqual(Array.from({ length: 6 }, () => item))
    expect(new FrameBatch(6).add(new Uint8Array(linkFrameBytesMax))).toBe(false)
    expect(() => encodeLinkFrame(6, encodeItems([new Uint8Array(65_000)]))).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
  })

  it('an item is written into the frame, behind the length that it turns out to have', () => {
    for (const [length, most] of [
      [0, 0],
      [127, 127],
      [127, 128],
      [3, 16_384],
      [16_383, 16_384],
      [16_384, 20_000],
    ] as const) {
      const batch = new FrameBatch(frameKinds.packets)
      const bytes = new Uint8Array(length).map((_, at) => at)
      batch.add(fromHex('aa'))
      expect(batch.add(toWrite(bytes, most))).toBe(true)
      batch.add(fromHex('bb'))
      expect(readItems(body(batch.take()))).toEqual([fromHex('aa'), bytes, fromHex('bb')])
    }
  })

  it('an item that cannot be written leaves no trace in the frame', () => {
    const batch = new FrameBatch(frameKinds.packets)
    batch.add(fromHex('aa'))
    expect(() => batch.add(meshPacketToWrite({ hopLimit: 1 }, { destAddr: 'b', seqNum: -1 }))).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
    batch.add(fromHex('bb'))
    expect(toHex(batch.take())).toBe('0601aa01bb')
    expect(batch.add(toWrite(fromHex('cc'), linkFrameBytesMax))).toBe(false)
  })

  it('refuses items that run past their frame and floods of empty ones', () => {
    expect(readItems(fromHex('02aa'))).toMatchObject({ code: 'truncated' })
    expect(readItems(fromHex('80'))).toMatchObject({ code: 'too-long' })
    expect(readItems(fromHex('ffffffffff01aa'))).toMatchObject({ code: 'too-long' })
    expect(readItems(fromHex('ffff7f'))).toMatchObject({ code: 'truncated' })
    expect(readItems(new Uint8Array(frameItemsMax))).toHaveLength(frameItemsMax)
    expect(readItems(new Uint8Array(frameItemsMax + 1))).toMatchObject({ code: 'too-long' })
  })

  it('greets, answers and refuses', () => {
    const hello = { versions: [2, 1], network: 'né', keyHash: new Uint8Array(16).fill(5), noise: fromHex('010203') }
    const bytes = encodeHello(hello)
    expect(toHex(bytes)).toBe(`01020201036ec3a9${'05'.repeat(16)}010203`)
    expect(decodeHello(body(bytes))).toEqual(hello)
    expect(decodeReply(body(encodeReply({ version: 1, noise: fromHex('09') })))).toEqual({ version: 1, noise: fromHex('09') })
    expect(decodeReply(new Uint8Array(0))).toMatchObject({ code: 'truncated' })
    const refusal = { code: 'NETWORK_MISMATCH', text: 'another network – sorry' }
    expect(decodeRefusal(body(encodeRefusal(refusal)))).toEqual(refusal)
    expect(decodeRefusal(new Uint8Array([0, ...new Uint8Array(2_000)]))).toMatchObject({ code: 'too-long' })
    expect(decodeHello(fromHex('00'))).toMatchObject({ code: 'bad-value' })
    for (let length = 0; length < bytes.length - 4; length++) expect(decodeHello(bytes.slice(1, 1 + length))).toHaveProperty('code')
  })
})

describe('mesh packets', () => {
  const packet = { service: 'echo', srcAddr: 'ka.1', destAddr: 'kb.2', contextID: 9, data: new Uint8Array(50) }
  const aln = encodePacket(packet)

  it('shows what forwarding needs', () => {
    const bytes = encodeMeshPacket({ hopLimit: hopLimitStart, gateway: 'kg.3' }, aln)
    const header = {
      hopLimit: 32,
      broadcast: false,
      gateway: 'kg.3',
      source: 'ka.1',
      destination: 'kb.2',
      service: 'echo',
      netState: 0,
      alnOffset: 7,
    }
    expect(readMeshPacket(bytes)).toEqual(header)
    expect(shown(decodePacket(bytes.subarray(7)))).toEqual(shown(packet))
    const plain = encodeMeshPacket({ hopLimit: 3, broadcast: true }, aln)
    expect(readMeshPacket(plain)).toEqual({ ...header, hopLimit: 3, broadcast: true, gateway: undefined, alnOffset: 2 })
    expect(toHex(plain.subarray(0, 2))).toBe('0302')
    expect(readMeshPacket(encodeMeshPacket({ hopLimit: 1 }, encodePacket({ netState: 255, data: 'x' })))).toMatchObject({
      netState: 255,
      source: '',
      destination: '',
      service: '',
    })
  })

  it('answers a fault wherever its header is cut', () => {
    const bytes = encodeMeshPacket({ hopLimit: 32, gateway: 'kg.3' }, aln)
    const headerBytes = 7 + 2 + 5 + 5 + 5
    for (let length = 0; length < headerBytes; length++) expect(readMeshPacket(bytes.slice(0, length))).toHaveProperty('code')
    expect(readMeshPacket(bytes.slice(0, headerBytes))).toMatchObject({ destination: 'kb.2' })
  })

  it('ALN-31 has a largest size, both ways', () => {
    const room = meshPacketBytesMax - 2 - 4
    expect(encodeMeshPacket({ hopLimit: 1 }, encodePacket({ data: new Uint8Array(room) }))).toHaveLength(meshPacketBytesMax)
    const over = encodePacket({ data: new Uint8Array(room + 1) })
    expect(() => encodeMeshPacket({ hopLimit: 1 }, over)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
    const largest = encodePacket({ data: new Uint8Array(largeMeshPacketBytesMax - 2 - 4) })
    expect(encodeMeshPacket({ hopLimit: 1, bytesMax: largeMeshPacketBytesMax }, largest)).toHaveLength(largeMeshPacketBytesMax)
    expect(readMeshPacket(new Uint8Array([1, 0, ...largest]))).toMatchObject({ hopLimit: 1 })
    expect(readMeshPacket(new Uint8Array([1, 0, ...largest, 0]))).toMatchObject({ code: 'too-long' })
    // With what stands around it, it fills a link frame.
    expect(encodeItemFrame(frameKinds.packets, new Uint8Array(largeMeshPacketBytesMax)).length).toBeLessThanOrEqual(linkFrameBytesMax)
  })
})

describe('adverts', () => {
  it('round trip, with every cost and load', () => {
    for (const value of [0, 1, 127, 128, 255, 256, 65_535]) {
      expect(decodeRouteAdvert(encodeRouteAdvert('né', value))).toEqual({ destination: 'né', cost: value })
      expect(decodeServiceAdvert(encodeServiceAdvert('h', 'né', value))).toEqual({ host: 'h', service: 'né', load: value })
    }
    expect(toHex(encodeRouteAdvert('node-b', 255))).toBe('066e6f64652d6200ff')
    expect(() => encodeRouteAdvert('a', 65_536)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => encodeServiceAdvert('a', 'x'.repeat(256), 1)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
  })

  it('a service without a load has load 1, zeros behind it are ignored', () => {
    expect(decodeServiceAdvert(fromHex('026e310470696e67'))).toEqual({ host: 'n1', service: 'ping', load: 1 })
    expect(decodeServiceAdvert(fromHex('026e310470696e670005000000'))).toEqual({ host: 'n1', service: 'ping', load: 5 })
  })

  it('anything else is a fault', () => {
    for (const hex of ['', '05', '056162', '026e31', '026e3104', '026e31047069', '0001', '026e3100'])
      expect(decodeServiceAdvert(fromHex(hex)), hex).toHaveProperty('code')
    for (const hex of ['', '02', '026e31', '026e3100', '026e31000100', '000001', '02ffff0001'])
      expect(decodeRouteAdvert(fromHex(hex)), hex).toHaveProperty('code')
  })
})
