import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { frame, unframe } from '../../src/wire/kiss.ts'
import { decodePacket, encodePacket, measurePacket } from '../../src/wire/packet-codec.ts'
import { packetFromJson, packetToJson } from '../../src/wire/packet-json.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { fromHex, packetOf, shown, toHex, vectors, type Vector } from './vectors.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Long texts were recorded by their first characters and their length. */
function recorded(text: string): { head: string; length: number } | undefined {
  const cut = /^(.*)\.\.\.\((\d+) chars\)$/s.exec(text)
  return cut ? { head: cut[1]!, length: Number(cut[2]) } : undefined
}

/** node's advert constructor takes its own size for the data: what it puts into JSON is short by some bytes. */
const jsonMeansLess: Record<string, string> = {
  'route-utf8 node': 'counts UTF-16 units when it builds the advert',
}

function encoded(vector: Vector): Uint8Array {
  return encodePacket(packetOf(vector.fields), { crc: vector.crc })
}

describe('ALN-20 PY-35 every recorded packet, both ways', () => {
  it.each(vectors)('ALN-20 PY-35 encodes $id', (vector) => {
    const bytes = encoded(vector)
    if (vector.packetHex !== null) expect(toHex(bytes)).toBe(vector.packetHex)
    else expect(sha256(bytes)).toBe(vector.packetHexSha256)
  })

  it.each(vectors)('ALN-20 PY-35 decodes $id', (vector) => {
    const bytes = vector.packetHex === null ? encoded(vector) : fromHex(vector.packetHex)
    expect(shown(decodePacket(bytes))).toEqual(shown(packetOf(vector.fields)))
    const followed = new Uint8Array([...bytes, 0x55, 0xaa])
    expect(shown(decodePacket(followed))).toEqual(shown(packetOf(vector.fields)))
    expect(measurePacket(new Uint8Array([0x55, ...followed]), 1)).toBe(1 + bytes.length)
  })

  it.each(vectors)('ALN-33 frames $id', (vector) => {
    const framed = frame(encoded(vector))
    if (vector.frameHex !== null) expect(toHex(framed)).toBe(vector.frameHex)
    else expect(sha256(framed)).toBe(vector.frameHexSha256)
    expect(unframe(framed)).toEqual(encoded(vector))
  })

  it.each(vectors.filter(({ packetHex }) => packetHex !== null))('misses the end of $id when it is cut anywhere', (vector) => {
    const bytes = fromHex(vector.packetHex!)
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.slice(0, length)
      expect(decodePacket(cut)).toMatchObject({ code: 'truncated' })
      expect(measurePacket(cut)).toBe(-1)
    }
  })
})

describe('ALN-34 ALN-20 JSON packets', () => {
  const spellings = vectors.flatMap((vector) =>
    Object.entries(vector.json).map(([impl, text]) => ({ vector, impl, text, name: `${vector.id} ${impl}` })),
  )

  it.each(spellings.filter(({ text }) => recorded(text) === undefined))('reads $name', ({ vector, text, name }) => {
    const packet = packetFromJson(text)
    if (name in jsonMeansLess) expect(shown(packet)).not.toEqual(shown(packetOf(vector.fields)))
    else if (vector.id.startsWith('route-') || vector.id.startsWith('service-')) expect(isWireFault(packet)).toBe(false)
    else expect(shown(packet)).toEqual(shown(packetOf(vector.fields)))
  })

  it.each(spellings.filter(({ impl }) => impl === 'node'))('writes what node writes, without a size: $name', ({ vector, text }) => {
    const ours = packetToJson(packetOf(vector.fields))
    const whole = recorded(text)
    if (whole !== undefined) return expect(ours.slice(0, whole.head.length)).toBe(whole.head)
    if (`${vector.id} node` in jsonMeansLess || vector.id.startsWith('service-')) return expect(ours).toMatch(/^\{"cf":0,"net":[12],/)
    expect(ours).toBe(text.replace(/,"data_sz":\d+\}$/, '}'))
  })

  it.each(vectors)('round trip of $id', ({ fields }) => {
    expect(shown(packetFromJson(packetToJson(packetOf(fields))))).toEqual(shown(packetOf(fields)))
  })
})
