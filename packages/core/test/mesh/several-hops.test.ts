import { afterEach, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { Message } from '../../src/messages/message.ts'
import { rejectionOf } from './mesh-error-of.ts'
import { MeshWorld } from './mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

it('PY-34 send goes over as many members as it takes, around one that is gone, and without a way it is an error', async () => {
  world = new MeshWorld(310)
  const [ada, one, two, three, bob, detour] = ['ada', 'one', 'two', 'three', 'bob', 'detour'].map((name) =>
    world.member(name, { relays: [] }),
  ) as [Mesh, Mesh, Mesh, Mesh, Mesh, Mesh]
  for (const mesh of world.meshes) await world.settle(mesh.ready)
  for (const [from, to] of [
    [ada, one],
    [one, two],
    [two, three],
    [three, bob],
  ] as const)
    world.pipe(from, to)
  await world.acquainted(ada, one, two, three, bob)
  const heard: Message[] = []
  bob.on('message', (message) => void heard.push(message))
  expect(await world.settle(ada.send(bob.address, 'over three others'))).toMatchObject({ state: 'delivered' })
  expect(heard).toMatchObject([{ parts: ['over three others'], from: ada.address, hops: 4, via: three.address }])
  expect(two.health().forwarded).toBeGreaterThan(0)

  world.pipe(one, detour)
  world.pipe(detour, three)
  await world.acquainted(...world.meshes)
  await world.settle(two.close())
  expect(await world.settle(ada.send('bob', 'around'))).toMatchObject({ state: 'delivered' })
  expect(heard.at(-1)).toMatchObject({ parts: ['around'], hops: 4 })

  for (const link of three.router.links()) if (link.peer?.address === bob.address) link.close('cut')
  await world.clock.advanceUntil(() => ada.peer(bob.address)?.state === 'unreachable')
  expect(ada.router.send({ destAddr: bob.address, service: 'any' })?.code).toBe('NO_ROUTE')
  expect((await rejectionOf(world.settle(ada.with({ ttlMs: 0 }).send(bob.address, 'nowhere')))).code).toBe('NO_ROUTE')
  expect(heard).toHaveLength(2)
})
