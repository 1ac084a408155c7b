import { expect, it } from 'vitest'
import type { Router } from '../../src/routing/router.ts'
import { relayedProvidersMax, RelayedServices, relayedServicesMax } from '../../src/services/relayed-services.ts'
import type { Requests } from '../../src/calls/requests.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const router = { address: 'me', wiserRelay: 'relay' } as Router
const member = (at: number): string => `k${at.toString(2).padStart(26, 'a').replaceAll('0', 'b').replaceAll('1', 'c')}.aaaa`

/** A relay that answers with these pages, one after the other, for ever. */
function relayed(answers: (skip: number) => unknown): { clock: VirtualClock; services: RelayedServices; asked: () => number } {
  const clock = new VirtualClock()
  let asked = 0
  const requests = {
    send: async (_: Router, { bytes }: { bytes: Uint8Array }) => {
      asked++
      return { json: () => answers(Number(new TextDecoder().decode(bytes).split(' ')[0])) }
    },
  } as unknown as Requests
  return { clock, services: new RelayedServices(clock, requests), asked: () => asked }
}

const row = (at: number): object => ({ service: 's', address: member(at), load: 0.5, hops: 1, cost: 32, name: 'x' })

it(`of one service ${relayedProvidersMax} providers are taken from a relay, whatever it says`, async () => {
  const { services, asked } = relayed((skip) => ({ total: 1e9, services: Array.from({ length: 90 }, (_, at) => row(skip + at)) }))
  await services.seek(router, 's', { all: true })
  expect(services.listings('s')).toHaveLength(relayedProvidersMax)
  expect(asked()).toBe(Math.ceil(relayedProvidersMax / 90))
})

it(`answers about ${relayedServicesMax} services are kept, for 10 s`, async () => {
  const { clock, services } = relayed(() => ({ total: 1, services: [row(1)] }))
  for (let at = 0; at <= relayedServicesMax; at++) await services.seek(router, `s${at}`)
  expect(services.listings('s0')).toHaveLength(0)
  expect(services.listings('s1')).toHaveLength(1)
  clock.runFor(10_000)
  expect(services.listings('s1')).toHaveLength(0)
})

it('what is no page and no row of a member is passed over', async () => {
  const rows = [
    null,
    7,
    {},
    { ...row(1), address: 'thing' },
    { ...row(2), load: 7 },
    { ...row(3), load: '1' },
    { ...row(4), hops: 'far', name: {} },
    row(5),
  ]
  for (const [said, kept] of [
    [{ total: 9, services: rows }, 2],
    [null, 0],
    [[], 0],
    [{ total: 'many', services: rows }, 0],
    [{ total: 1, services: {} }, 0],
    ['page', 0],
  ] as const) {
    const { services, asked } = relayed((skip) => (skip === 0 ? said : { total: 9, services: [] }))
    await services.seek(router, 's', { all: true })
    expect(services.listings('s')).toHaveLength(kept)
    expect(asked()).toBeLessThanOrEqual(2)
  }
})
