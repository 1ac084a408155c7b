import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { targetsFrom } from '../../scripts/fuzz/targets.mjs'
import { joined, parted } from '../../scripts/fuzz/targets/inputs.mjs'

/** What `npm run fuzz` found, by target and by the name of the mistake: as hex. None of it may ever be a mistake again. */
const found = JSON.parse(readFileSync(new URL('../../scripts/fuzz/found.json', import.meta.url), 'utf8')) as Record<
  string,
  Record<string, string>
>

const targets = await targetsFrom((module) => {
  const [room, ...path] = module.split('/')
  return import(/* @vite-ignore */ new URL(`../../../${room}/src/${path.join('/')}.ts`, import.meta.url).pathname) as Promise<
    Record<string, unknown>
  >
})

/** Those that set up whole nodes take their time. */
function runsOf({ batchRuns = 64 }: { batchRuns?: number }): number {
  return batchRuns < 16 ? 12 : batchRuns < 64 ? 60 : 400
}

describe.each(targets)('what reads a $name', (target) => {
  it('reads what it was made for', async () => {
    expect(target.seeds.length).toBeGreaterThan(0)
    for (const seed of target.seeds) await target.run(seed.slice())
  })

  it('takes any bytes, and those that begin like true ones and end otherwise, without throwing', async () => {
    const input = fc.oneof(
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
      {
        weight: 4,
        arbitrary: fc
          .tuple(fc.constantFrom(...target.seeds), fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 12 }), fc.boolean())
          .map(([seed, where, removed, inserted, ends]) => {
            const at = where % (seed.length + 1)
            return Uint8Array.of(...seed.slice(0, at), ...inserted, ...(ends ? [] : seed.slice(at + removed)))
          }),
      },
    )
    await fc.assert(
      fc.asyncProperty(input, async (bytes) => void (await target.run(bytes))),
      { numRuns: runsOf(target) },
    )
  })

  it.each(Object.entries(found[target.name] ?? { 'nothing was found': '' }))('found: %s', async (_, hex) => {
    await target.run(Uint8Array.from(Buffer.from(hex, 'hex')))
  })
})

it('a conversation comes back from one input', () => {
  const messages = [Uint8Array.of(), Uint8Array.of(1), new Uint8Array(300).fill(7)]
  expect(parted(joined(messages))).toEqual(messages)
})

it('every target that something was found in still exists', () => {
  expect(Object.keys(found).filter((name) => !targets.some((target) => target.name === name))).toEqual([])
})
