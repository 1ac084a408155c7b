import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { member, endAll, relayOf, until } from '../relay/relay-world.ts'

const folder = mkdtempSync(join(tmpdir(), 'hopmesh-copied-'))
afterEach(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

it('SE4 ALN-01 an identity file that was copied to another machine: both run, one who, two addresses, and both are told and found', async () => {
  const relay = await relayOf()
  const bob = await member(relay, { name: 'bob' })
  const first = await member(relay, { identity: { file: join(folder, 'one.key') } })
  const { address } = first
  const told: string[] = []
  first.on('address', (event) => void told.push(event.before, event.address))
  first.services.register('first', () => 'I am the first')
  // The epoch that it keeps is copied with it, and its claim is not.
  copyFileSync(join(folder, 'one.key'), join(folder, 'two.key'))
  const second = await member(relay, { identity: { file: join(folder, 'two.key') } })
  expect(second.address).toBe(address)
  await until(() => told.length > 0, 'the address event')
  expect(told).toEqual([address, first.address])
  expect([first.who, first.address === second.address]).toEqual([second.who, false])
  expect(first.warnings.map(({ code }) => code)).toEqual(['IDENTITY_IN_USE'])
  await until(() => bob.peer(first.address)?.state === 'active' && bob.peer(second.address)?.state === 'active', 'both')
  await bob.services.wait('first')
  expect((await bob.call('first')).text()).toBe('I am the first')
  expect((await first.ping('bob')).hops).toBe(2)
  expect((await second.ping('bob')).hops).toBe(2)
})
