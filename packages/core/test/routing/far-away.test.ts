import { describe, expect, it } from 'vitest'
import { hopLimitStart } from '../../src/wire/mesh-packet.ts'
import { RouterWorld, text } from './router-world.ts'

describe('R13 how far away a member can be', () => {
  it('ALN-30 whoever stands in the table is reached by a packet, in a chain that is longer than a packet may go', () => {
    const world = new RouterWorld()
    const chain = Array.from({ length: hopLimitStart + 4 }, (_, at) => world.router(`node ${at}`))
    for (const [at, router] of chain.entries()) if (at > 0) world.link(chain[at - 1]!, router)
    const arrived: string[] = []
    for (const router of chain) router.registerService('hear', (packet) => void arrived.push(`${router.address} ${text(packet.data)}`))
    world.run(30_000)

    const [first] = chain
    const known = chain.filter(({ address }) => first!.destination(address) !== undefined)
    expect(known).toEqual(chain.slice(1, hopLimitStart + 1))
    for (const { address } of known) expect(first!.send({ destAddr: address, service: 'hear', data: 'hello' })).toBeUndefined()
    world.run(5_000)
    expect(arrived).toEqual(known.map(({ address }) => `${address} hello`))
    expect(first!.send({ destAddr: chain.at(-1)!.address, service: 'hear', data: 'too far' })?.code).toBe('NO_ROUTE')
  })
})
