import { describe, expect, it } from 'vitest'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { MeshError } from '../../src/errors/mesh-error.ts'
import { plainPart, type PlainPart } from '../../src/routing/plain/plain-part.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { RouterWorld } from '../routing/router-world.ts'
import { PlainPeer, pong } from './plain-peer.ts'

/** Lets everything that waits for promises, and nothing else, go on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

describe('plain ALN that is loaded when it is needed', () => {
  it('it is loaded with the first plain channel, and what a plain node said meanwhile is not lost', async () => {
    const world = new RouterWorld()
    const loads: ((part: PlainPart) => void)[] = []
    const page = world.router('page', 'member', { plain: () => new Promise((resolve) => loads.push(resolve)) })
    const member = world.router('member')
    pong(member)
    world.link(member, page)
    world.run(1_000)
    expect(loads.length).toBe(0)

    const [sketch, other] = [new PlainPeer(world, page), new PlainPeer(world, page, 'text')]
    sketch.join('sketch', 'temp')
    other.join('other')
    world.run(1_000)
    expect(page.destination('sketch')).toBeUndefined()
    expect(sketch.heard).toEqual([])
    expect(loads.length).toBe(2)

    for (const load of loads) load(plainPart)
    await settled()
    world.run(1_000)
    expect(member.services('temp')).toMatchObject([{ address: 'sketch', kind: 'plain', hops: 2 }])
    expect(member.destination('other')).toMatchObject({ hops: 2 })
    expect(sketch.services()).toContain(`${member.address} ping 1`)
  })

  it('a link that was closed, or whose router was, before it was loaded stays closed', async () => {
    const world = new RouterWorld()
    const loads: ((part: PlainPart) => void)[] = []
    const page = world.router('page', 'member', { plain: () => new Promise((resolve) => loads.push(resolve)) })
    const [here, there] = [memoryChannelPair(world.clock, { carries: 'stream' }), memoryChannelPair(world.clock, { carries: 'stream' })]
    const links = [page.addChannel(here[0]), page.addChannel(there[0])]
    links[0]?.close('not wanted any more')
    void page.close()
    for (const load of loads) load(plainPart)
    await settled()
    world.run(1_000)
    expect(links.map(({ phase }) => phase)).toEqual(['closed', 'closed'])
    expect(page.links()).toEqual([])
  })

  it('a channel that may lead to a plain node is given up where plain ALN cannot be loaded, or is not known at all', async () => {
    const world = new RouterWorld()
    const failed = (): Promise<PlainPart> => Promise.reject(new MeshError('NOT_READY', 'the page is offline'))
    const [offline, none] = [world.router('offline', 'member', { plain: failed }), world.router('none', 'member', { plain: undefined })]
    const links = [offline, none].map((router) => router.addChannel(memoryChannelPair(world.clock, { carries: 'stream' })[0]))
    const errors = await Promise.all(links.map(({ up }) => rejectionOf(up)))
    expect(errors.map(({ code }) => code)).toEqual(['NOT_READY', 'PLAIN_REFUSED'])
    expect([offline, none].map((router) => router.links())).toEqual([[], []])
  })
})
