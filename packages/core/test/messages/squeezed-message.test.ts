import * as zlib from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { Environment } from '../../src/mesh/environment.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { messageService } from '../../src/messages/messages.ts'
import { inflateRatioMax, squeeze, unsqueeze } from '../../src/messages/squeezed-message.ts'
import type { Compression } from '../../src/ports/compression.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'

/** Answers at once, so that the virtual clock does not have to wait. */
const compression: Compression = {
  deflate: (bytes) => new Uint8Array(zlib.deflateRawSync(bytes)),
  inflate(bytes, bytesMax) {
    try {
      return new Uint8Array(zlib.inflateRawSync(bytes, { maxOutputLength: bytesMax }))
    } catch {
      return undefined
    }
  },
}

let world = new MeshWorld(1)
afterEach(() => world.close())

const text = Array.from({ length: 3_000 }, (_, index) => `line ${index * index}`).join('\n')
const noise = Uint8Array.from(
  { length: 20_000 },
  (_, index) => (Math.imul(index + 1, 0x9e3779b1) >>> 24) ^ (Math.imul(index, 0x85ebca6b) >>> 20),
)

/** The data of messages that leave. */
function tapped(mesh: Mesh): number[] {
  const sizes: number[] = []
  const send = mesh.router.send.bind(mesh.router)
  mesh.router.send = (packet, ...rest) => {
    if (packet.service === messageService) sizes.push(packet.data?.length ?? 0)
    return send(packet, ...rest)
  }
  return sizes
}

async function pair(seed: number, ...squeezing: string[]): Promise<{ ada: Mesh; bob: Mesh; sizes: number[]; heard: unknown[] }> {
  world = new MeshWorld(seed)
  world.relay()
  const environment =
    (name: string) =>
    (same: Environment): Environment =>
      squeezing.includes(name) ? { ...same, compression } : same
  const [ada, bob] = ['ada', 'bob'].map((name) => world.member(name, { environment: environment(name) })) as [Mesh, Mesh]
  await world.acquainted(ada, bob)
  const heard: unknown[] = []
  bob.on('message', ({ parts }) => void heard.push(parts[0]))
  return { ada, bob, sizes: tapped(ada), heard }
}

describe('messages that take fewer bytes on their way', () => {
  it('PY-27 text and values are squeezed between members that both can; short ones and noise are not', async () => {
    const { ada, sizes, heard } = await pair(1, 'ada', 'bob')
    const rows = Array.from({ length: 500 }, (_, index) => ({ index, name: 'row' }))
    for (const part of [text, rows, 'short', noise]) await world.settle(ada.send('bob', part))
    expect(heard).toEqual([text, rows, 'short', noise])
    expect(sizes[0]).toBeLessThan(text.length / 2)
    expect(sizes[1]).toBeLessThan(5_000)
    expect(sizes[2]).toBeLessThan(100)
    expect(sizes[3]).toBeGreaterThan(noise.length)
  })

  it('PY-27 it is negotiated: who does not inflate gets what was said, as it is', async () => {
    for (const [seed, squeezing] of [
      [2, ['ada']],
      [3, ['bob']],
    ] as const) {
      const { ada, sizes, heard } = await pair(seed, ...squeezing)
      await world.settle(ada.send('bob', text))
      expect(heard).toEqual([text])
      expect(sizes[0]).toBeGreaterThan(text.length)
      await world.close()
    }
  })

  it('PY-27 what is damaged, lies about its length, or would unfold without measure is an error, and nothing of it is heard', async () => {
    const bytes = new TextEncoder().encode(text)
    const squeezed = (await squeeze(bytes, compression)) as Uint8Array
    expect(await unsqueeze(squeezed, compression)).toEqual(bytes)
    expect(await unsqueeze(squeezed, undefined)).toBeUndefined()
    for (let at = 1; at < squeezed.length; at += 97) {
      const harmed = squeezed.slice()
      harmed[at] = (harmed[at] ?? 0) ^ 0xff
      const read = await unsqueeze(harmed, compression)
      expect(read === undefined || read.length === bytes.length).toBe(true)
      expect(await unsqueeze(squeezed.subarray(0, at), compression)).toBeUndefined()
    }
    const zeros = new Uint8Array(1_000_000)
    expect(await squeeze(zeros, compression)).toBeUndefined()
    const bomb = Uint8Array.of(2, 0xc0, 0x84, 0x3d, ...zlib.deflateRawSync(zeros))
    expect(bomb.length * inflateRatioMax).toBeLessThan(zeros.length)
    expect(await unsqueeze(bomb, compression)).toBeUndefined()
    const { ada, bob, heard } = await pair(4, 'ada', 'bob')
    for (const data of [bomb, squeezed.subarray(0, 100), Uint8Array.of(2)])
      ada.router.send({ service: messageService, destAddr: bob.address, data })
    await world.settle(ada.send('bob', 'after'))
    expect(heard).toEqual(['after'])
  })
})
