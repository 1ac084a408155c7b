import { describe, expect, it } from 'vitest'
import { leafRowsMax } from '../../src/routing/exchange/leafness.ts'
import { RouterWorld, text } from './router-world.ts'

type TestRouter = ReturnType<RouterWorld['router']>

/** A relay with more leaves than one of them is told of. */
function town(leaves = leafRowsMax + 60): { world: RouterWorld; relay: TestRouter; all: TestRouter[] } {
  const world = new RouterWorld()
  const relay = world.router('relay', 'relay')
  const all = Array.from({ length: leaves }, (_, at) => world.router(`leaf ${at}`))
  for (const router of all) world.link(router, relay)
  world.run(8_000)
  return { world, relay, all }
}

function isKnownTo(router: TestRouter, other: TestRouter): boolean {
  return router.destination(other.address) !== undefined
}

describe('ALN-07 a leaf (R14)', () => {
  const { world, relay, all } = town()
  const first = all[0]!
  const hidden = all.filter((router) => router !== first && !isKnownTo(first, router))

  it('R14 is told of so many members at most, and reaches the others by its relay all the same', () => {
    expect(relay.routes()).toHaveLength(all.length)
    expect(first.routes().length).toBeLessThanOrEqual(leafRowsMax + 1)
    expect(hidden.length).toBeGreaterThan(50)
    const far = hidden[0]!
    far.registerService('echo', (packet) => void far.send({ destAddr: packet.srcAddr, contextID: packet.contextID, data: packet.data }))
    const answers: string[] = []
    const contextID = first.registerContext((packet) => void answers.push(text(packet.data)))
    expect(first.send({ destAddr: far.address, service: 'echo', contextID, data: 'by default' })).toBeUndefined()
    world.run(500)
    expect(answers).toEqual(['by default'])
    expect(first.send({ service: 'echo', contextID, data: 'of whom you know' })).toBeUndefined()
    world.run(500)
    expect(answers).toEqual(['by default', 'of whom you know'])
  })

  it('R14 hears what those broadcast of whom it was not told', () => {
    const heard: string[] = []
    first.registerService('news', (packet) => void heard.push(text(packet.data)))
    for (let said = 1; said <= 3; said++) void hidden[said]!.say({ service: 'news', data: `${said}` })
    world.run(1_000)
    expect(heard.toSorted()).toEqual(['1', '2', '3'])
  })

  it('R14 hears from the relay that there is nobody of an address, or of a service', () => {
    const errors: string[] = []
    const contextID = first.registerContext((packet) => void errors.push(text(packet.data)))
    const nobody = `k${'a'.repeat(26)}.aaaa`
    expect(first.send({ destAddr: nobody, service: 'echo', contextID })).toBeUndefined()
    expect(first.send({ service: 'nothing of the kind', contextID })).toBeUndefined()
    world.run(500)
    expect(errors).toEqual([expect.stringMatching(/^NO_ROUTE/), expect.stringMatching(/^NO_SERVICE/)])
  })

  it('R14 rows that go make room for others, and digests agree all the time', async () => {
    const gone = all.filter((router) => router !== first && isKnownTo(first, router)).slice(0, 30)
    for (const [at, router] of gone.entries()) {
      if (at % 2) await router.close()
      else for (const link of router.links()) link.close('cut')
    }
    world.run(30_000)
    for (const router of gone) expect(isKnownTo(first, router)).toBe(false)
    expect(first.routes().length).toBeGreaterThanOrEqual(leafRowsMax - 1)
    for (const router of [first, ...hidden.slice(0, 5), relay]) expect(router.faults.get('ROUTES_DIFFER')).toBeUndefined()
  })

  it('R14 nothing goes through a leaf, and who has links of another kind is told of everybody', () => {
    const other = world.router('other relay', 'relay')
    world.link(first, other)
    world.run(3_000)
    expect(other.routes().map(({ address }) => address)).toEqual([first.address])
    const [one, two] = [all[100]!, all[101]!]
    world.link(one, two)
    world.run(5_000)
    expect(one.routes().length).toBeGreaterThanOrEqual(relay.routes().length - 1)
    for (const link of one.links()) if (link.peer?.address === two.address) link.close('cut')
    world.run(10_000)
    expect(one.routes().length).toBeLessThanOrEqual(leafRowsMax + 1)
    for (const router of [one, two, first, relay]) expect(router.faults.get('ROUTES_DIFFER')).toBeUndefined()
  })

  it('R14 in a small network everybody knows everybody, also over a member that two relays have in common; a router that is told to be a leaf joins nothing', () => {
    for (const leaf of [false, true]) {
      const small = new RouterWorld()
      const [west, east] = [small.router('west', 'relay'), small.router('east', 'relay')]
      const [one, two] = [small.router('one'), small.router('two')]
      const both = small.router('both', 'member', { leaf })
      small.link(one, west)
      small.link(two, east)
      small.link(both, west)
      small.link(both, east)
      small.run(3_000)
      expect(isKnownTo(one, two)).toBe(!leaf)
      expect(isKnownTo(one, both)).toBe(true)
      for (const router of [west, east, one, two, both]) expect(router.faults.get('ROUTES_DIFFER')).toBeUndefined()
    }
  })
})
