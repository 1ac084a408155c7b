import type { BarePage } from '../support/bare-page.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { expect, test } from '../support/test.ts'

test('without the relay a call goes through a member that both have connected to', async ({ pages, relay }) => {
  pages.guard.expectRelayLoss()
  const join = { relay: relay.url, degree: 0 }
  const a = await pages.member({ ...join, name: 'A' })
  const b = await pages.member({ ...join, name: 'B' })
  const c = await pages.member({ ...join, name: 'C' })
  const [addressB, addressC] = [await b.address(), await c.address()]
  await a.offers('ping', addressC)
  expect((await a.peer(addressC))?.direct).toBe(false)
  await a.connect(addressB)
  await c.connect(addressB)
  await relay.kill()

  await expect.poll(async () => (await a.peer(addressC))?.via, { message: 'A reaches C through B' }).toBe(addressB)
  await expect.poll(() => a.call({ to: addressC, body: 'over B' }).catch(String)).toBe('pong over B from C')
  expect(await a.peer(addressC)).toMatchObject({ direct: false, via: addressB, hops: 2 })
})

test('with direct links up the relay may die: calls go on, and all are back when it is', async ({ pages, relay }) => {
  pages.guard.expectRelayLoss()
  const members: BarePage[] = []
  for (const name of ['A', 'B', 'C']) members.push(await pages.member({ relay: relay.url, name }))
  const addresses = await Promise.all(members.map((member) => member.address()))
  const pairs = members
    .flatMap((from) => addresses.map((to, index) => ({ from, to, index })))
    .filter(({ from, index }) => members[index] !== from)

  for (const { from, to } of pairs)
    await expect.poll(async () => (await from.peer(to))?.direct, { message: 'a direct link by itself' }).toBe(true)
  await relay.kill()
  for (const { from, to, index } of pairs)
    expect(await from.call({ to, body: 'still there' })).toBe(`pong still there from ${'ABC'[index]}`)
  for (const member of members) await expect.poll(() => relaysOf(member), { message: 'the relay is missed' }).toBe(0)
  for (const { from, to, index } of pairs) expect(await from.call({ to, body: 'later' })).toBe(`pong later from ${'ABC'[index]}`)

  await relay.start()
  for (const member of members) await expect.poll(() => relaysOf(member), { message: 'the relay is found again' }).toBe(1)
  // A newcomer that has only the relay meets them all.
  const newcomer = await pages.member({ relay: relay.url, name: 'D', degree: 0 })
  for (const address of addresses) await newcomer.offers('ping', address)
  const [first] = addresses
  expect(await newcomer.call({ to: first ?? '' })).toBe('pong hello from A')
})

test('with several relays a dead one does not matter', async ({ pages, relay }) => {
  pages.guard.expectRelayLoss()
  const dead = await new RelayProcess().start()
  await dead.kill()
  const ada = await pages.bare()
  const address = await ada.page.evaluate(
    async (relays) => {
      globalThis.mesh = await hopmesh.joinMesh({ network: 'default', relays, name: 'Ada' })
      mesh.services.register('ping', () => 'pong from Ada')
      return mesh.address
    },
    [dead.url, relay.url],
  )
  const bob = await pages.member({ relay: relay.url, name: 'Bob' })
  await bob.offers('ping', address)
  expect(await bob.call({ to: address })).toBe('pong from Ada')
})

/** Relays that this member has a link to. */
function relaysOf(member: BarePage): Promise<number> {
  return member.page.evaluate(
    () => [...mesh.peers.values()].filter(({ kind, direct, state }) => kind === 'relay' && direct && state === 'active').length,
  )
}
