import { describe, expect, it } from 'vitest'
import { encodeMeshPacket, largeMeshPacketBytesMax, largePacketDataBytesMax, packetDataBytesMax } from '../../src/wire/mesh-packet.ts'
import { RouterWorld } from './router-world.ts'

type TestRouter = ReturnType<RouterWorld['router']>

/** a ═ b ═ c – d, where ═ is a channel that prefers large messages. */
function scene(): { world: RouterWorld; a: TestRouter; b: TestRouter; c: TestRouter; d: TestRouter; heard: string[] } {
  const world = new RouterWorld()
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => world.router(name)) as [TestRouter, TestRouter, TestRouter, TestRouter]
  world.link(a, b, { prefersLargeMessages: true })
  world.link(b, c, { prefersLargeMessages: true })
  world.link(c, d)
  const heard: string[] = []
  for (const [name, router] of Object.entries({ a, b, c, d }))
    router.registerService('listen', ({ data }) => void heard.push(`${name} ${data?.length}`))
  world.run(10_000)
  return { world, a, b, c, d, heard }
}

describe('MP4 packets that are larger than every link carries', () => {
  it('go to a neighbour over a channel that prefers them, and to nobody else', () => {
    const { world, a, b, c, d, heard } = scene()
    const send = (from: TestRouter, to: TestRouter, bytes: number): string | undefined =>
      from.send({ service: 'listen', destAddr: to.address, data: new Uint8Array(bytes) })?.code
    expect([b, c, d].map(({ address }) => a.packetDataBytesMax(address))).toEqual([
      largePacketDataBytesMax,
      packetDataBytesMax,
      packetDataBytesMax,
    ])
    expect(c.packetDataBytesMax(d.address)).toBe(packetDataBytesMax)
    expect(a.packetDataBytesMax('nobody')).toBe(packetDataBytesMax)
    expect(send(a, b, largePacketDataBytesMax)).toBeUndefined()
    expect(send(a, b, largePacketDataBytesMax + 512)).toBe('TOO_LARGE')
    expect(send(c, d, packetDataBytesMax)).toBeUndefined()
    for (const [from, to] of [
      [a, c],
      [a, d],
      [c, d],
    ] as const)
      expect(send(from, to, packetDataBytesMax + 512)).toBe('TOO_LARGE')
    world.run(1_000)
    expect(heard.toSorted()).toEqual([`b ${largePacketDataBytesMax}`, `d ${packetDataBytesMax}`])
  })

  it('are passed on by nobody, and are no broadcasts', () => {
    const { world, a, b, c, heard } = scene()
    const data = new Uint8Array(20_000)
    const link = a.links()[0]!
    const bytesMax = largeMeshPacketBytesMax
    link.sendPacket(encodeMeshPacket({ hopLimit: 32, bytesMax }, { srcAddr: a.address, destAddr: c.address, service: 'listen', data }))
    link.sendPacket(encodeMeshPacket({ hopLimit: 32, bytesMax, broadcast: true }, { srcAddr: a.address, service: 'listen', data }))
    link.sendPacket(encodeMeshPacket({ hopLimit: 32, bytesMax }, { srcAddr: a.address, service: 'listen', data }))
    world.run(1_000)
    expect(b.faults.get('too-long')).toBe(3)
    expect(heard).toEqual([])
  })
})
