import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { Router } from '../../src/routing/router.ts'
import type { StreamFile } from '../../src/streams/stream-heads.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { allOf, isSame, noise, seekable, textOf } from './stream-samples.ts'

const fileBytes = 3_000_000
const content = noise(fileBytes)
const file = { ...seekable(content), name: 'hill.jpg', type: 'image/jpeg', lastModified: 7 }

let world: MeshWorld
let relay: Router
let ada: Mesh
let bob: Mesh

beforeEach(async () => {
  world = new MeshWorld(31, { latencyMs: 30 })
  relay = world.relay()
  ada = world.member('ada')
  bob = world.member('bob')
  await world.acquainted(ada, bob)
})
afterEach(() => world.close())

/** What outlives the process that receives: what it wrote of each file, and at which offsets it began to. */
class Disk {
  readonly parts = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly begun: number[] = []

  size({ id }: Pick<StreamFile, 'id'>): number {
    return this.parts.get(id)?.length ?? 0
  }

  /** The handler of a process that has this disk. */
  attach(mesh: Mesh): void {
    mesh.streams.register(
      'file',
      async ({ file: of, offset }, readable) => {
        this.begun.push(offset)
        let here = this.parts.get(of!.id)?.slice(0, offset) ?? new Uint8Array(0)
        const reader = readable.getReader()
        for (let next = await reader.read(); !next.done; next = await reader.read()) {
          const longer = new Uint8Array(here.length + next.value!.length)
          longer.set(here)
          longer.set(next.value!, here.length)
          here = longer
          this.parts.set(of!.id, here)
        }
        return `${here.length} bytes`
      },
      { kept: ({ id }) => this.parts.get(id) },
    )
  }
}

const idOfFile = { id: '3000000 7 hill.jpg' }

async function halfway(disk: Disk): Promise<void> {
  await world.clock.advanceUntil(() => disk.size(idOfFile) > fileBytes / 4, 60_000)
  expect(disk.size(idOfFile)).toBeLessThan(fileBytes * 0.75)
}

function replaced(mesh: Mesh): void {
  world.meshes.splice(world.meshes.indexOf(mesh), 1)
}

describe('PN-14 a file whose session was lost goes on where it stopped', () => {
  it.each([true, false])('when the receiver begins anew with the same identity (said goodbye: %s)', async (isTold) => {
    const disk = new Disk()
    disk.attach(bob)
    const sent: number[] = []
    const answer = await world.settle(ada.stream('bob', 'file', file, { onProgress: (step) => sent.push(step.sent) }))
    await halfway(disk)
    if (isTold) await world.settle(bob.close())
    else world.sim.network.kill('bob', false)
    replaced(bob)
    const there = disk.size(idOfFile)
    const again = world.member('bob')
    disk.attach(again)
    expect(textOf(await world.settle(allOf(answer), 300_000))).toBe('3000000 bytes')
    expect(isSame(disk.parts.get(idOfFile.id), content)).toBe(true)
    expect(disk.begun).toEqual([0, there])
    expect(sent.at(-1)).toBe(fileBytes)
    expect(sent).toEqual(sent.toSorted((one, other) => one - other))
  })

  it('when the sender begins anew and sends the same file again', async () => {
    const disk = new Disk()
    disk.attach(bob)
    await world.settle(ada.stream('bob', 'file', file))
    await halfway(disk)
    world.sim.network.kill('ada', false)
    replaced(ada)
    const again = world.member('ada')
    await world.acquainted(again, bob)
    const answer = await world.settle(again.stream('bob', 'file', { ...file }))
    expect(textOf(await world.settle(allOf(answer)))).toBe('3000000 bytes')
    expect(isSame(disk.parts.get(idOfFile.id), content)).toBe(true)
    expect(disk.begun[0]).toBe(0)
    expect(disk.begun[1]).toBeGreaterThan(fileBytes / 4)
  })

  it('from the beginning, when what is there is not the beginning of this file', async () => {
    const disk = new Disk()
    disk.attach(bob)
    disk.parts.set(idOfFile.id, content.slice(1, 1_000_000))
    const answer = await world.settle(ada.stream('bob', 'file', file))
    expect(textOf(await world.settle(allOf(answer)))).toBe('3000000 bytes')
    expect(disk.begun).toEqual([0])
    expect(isSame(disk.parts.get(idOfFile.id), content)).toBe(true)
  })

  it('and not at all, when everything is there already', async () => {
    const disk = new Disk()
    disk.attach(bob)
    disk.parts.set(idOfFile.id, content)
    const answer = await world.settle(ada.stream('bob', 'file', file))
    expect(textOf(await world.settle(allOf(answer)))).toBe('3000000 bytes')
    expect(disk.begun).toEqual([fileBytes])
  })

  it('a handler that keeps nothing is given each file once: the sender learns that it broke off', async () => {
    let times = 0
    const take = (mesh: Mesh): unknown =>
      mesh.streams.register('file', async (_ctx, readable) => {
        times += 1
        await allOf(readable)
      })
    take(bob)
    const answer = await world.settle(ada.stream('bob', 'file', file))
    await world.clock.advance(300)
    world.sim.network.kill('bob', false)
    replaced(bob)
    take(world.member('bob'))
    expect(await rejectionOf(world.settle(allOf(answer), 300_000))).toMatchObject({ code: 'STREAM_RESET' })
    expect(times).toBe(1)
  })

  it('the same file twice at a time is refused', async () => {
    const disk = new Disk()
    disk.attach(bob)
    const first = await world.settle(ada.stream('bob', 'file', file))
    expect(await rejectionOf(world.settle(ada.stream('bob', 'file', file)))).toMatchObject({ code: 'BUSY' })
    expect(textOf(await world.settle(allOf(first)))).toBe('3000000 bytes')
  })

  it('leaves no timer when its mesh is closed while it waits for its next try', async () => {
    const disk = new Disk()
    disk.attach(bob)
    const answer = await world.settle(ada.stream('bob', 'file', file))
    await halfway(disk)
    await world.settle(bob.close())
    replaced(bob)
    // It takes no such files any more: each try is followed by a pause.
    const back = world.member('bob')
    await world.acquainted(ada, back)
    const lost = rejectionOf(allOf(answer))
    await world.clock.advance(5_000)
    await Promise.all([world.settle(ada.close()), world.settle(back.close())])
    world.meshes.length = 0
    expect((await lost).code).toBe('CLOSED')
    await world.settle(relay.close())
    await world.clock.advance(100)
    expect(world.clock.waiting).toBe(0)
  })

  it('is given up when nobody comes back in time, with a code', async () => {
    const disk = new Disk()
    disk.attach(bob)
    const answer = await world.settle(ada.stream('bob', 'file', file, { resumeMs: 20_000 }))
    await halfway(disk)
    await world.settle(bob.close())
    replaced(bob)
    const since = world.clock.now()
    expect(await rejectionOf(world.settle(allOf(answer), 300_000))).toMatchObject({ code: 'STREAM_RESET' })
    expect(world.clock.now() - since).toBeLessThan(30_000)
  })
})
