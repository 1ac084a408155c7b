import { afterEach, expect, it } from 'vitest'
import { MeshWorld } from './mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

it('PY-23 health tells the last 20 errors, also those that nobody listened to, and what waits', async () => {
  world = new MeshWorld(1)
  world.relay()
  const [ada, bob] = [world.member('ada'), world.member('bob')]
  await world.acquainted(ada, bob)
  expect(bob.health()).toMatchObject({ online: true, errors: [], stored: 0, pending: 0 })
  bob.on('message', ({ parts }) => {
    throw new TypeError(`cannot take ${parts[0] as string}`)
  })
  for (let index = 0; index < 25; index += 1) await world.settle(ada.send('bob', String(index)))
  const { errors } = bob.health()
  expect(errors).toHaveLength(20)
  expect(errors[0]).toMatchObject({ code: 'HANDLER_FAILED', message: "a listener of 'message' failed: TypeError: cannot take 5" })
  expect(errors.at(-1)?.message).toContain('cannot take 24')
  expect(errors[0]?.at).toBeLessThanOrEqual(errors.at(-1)?.at ?? 0)
  const { address } = ada
  await world.settle(ada.close())
  await world.clock.advance(5_000)
  await world.settle(bob.send(address, 'later'))
  expect(bob.health().stored).toBe(1)
})
