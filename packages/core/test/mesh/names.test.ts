import { afterEach, describe, expect, it } from 'vitest'
import { rejectionOf } from './mesh-error-of.ts'
import { MeshWorld } from './mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

describe('PN-02 names may clash, and it is seen', () => {
  it('a second member of a known name is a warning on all sides, once, and a target by that name lists both', async () => {
    world = new MeshWorld(80)
    world.relay()
    const [bob, ada] = [world.member('bob'), world.member('ada one', { name: 'Ada' })]
    await world.acquainted(bob, ada)
    expect(bob.warnings).toEqual([])
    const other = world.member('ada two', { name: 'Ada' })
    await world.acquainted(bob, ada, other)
    for (const mesh of [bob, ada, other]) {
      expect(
        mesh.warnings.map(({ code }) => code),
        mesh.address,
      ).toEqual(['NAME_CLASH'])
    }
    expect(bob.warnings[0]?.message).toContain(ada.address)
    expect(bob.warnings[0]?.message).toContain(other.address)
    for (const asked of [bob.send('Ada', 'hello'), bob.connect('Ada'), bob.ping('Ada')]) {
      const error = await world.settle(rejectionOf(asked))
      expect(error.code).toBe('AMBIGUOUS_NAME')
      expect(error.tried).toEqual([ada.address, other.address].toSorted())
    }
    // Their addresses still tell them apart, and one that leaves makes the name clear again.
    await world.settle(bob.send(other.address, 'hello'))
    await world.settle(ada.close())
    await world.clock.advanceUntil(() => bob.peer(ada.address)?.state !== 'active')
    await world.settle(bob.send('Ada', 'hello'))
    expect(bob.warnings).toHaveLength(1)
  })

  it('a second tab of the same key is nobody else', async () => {
    world = new MeshWorld(81)
    world.relay()
    const keyPair = world.sim.keyPairOf('ada')
    const twin = (tab: string) => (environment: object) => ({ ...environment, loadIdentity: () => ({ keyPair, tab }) }) as never
    const [bob, one, two] = [
      world.member('bob'),
      world.member('ada', { environment: twin('aaaa') }),
      world.member('ada again', { name: 'ada', environment: twin('bbbb') }),
    ]
    await world.acquainted(bob, one, two)
    expect([bob, one, two].flatMap(({ warnings }) => warnings)).toEqual([])
    await world.settle(bob.send('ada', 'hello'))
  })
})
