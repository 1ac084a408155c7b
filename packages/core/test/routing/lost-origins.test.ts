import { expect, it } from 'vitest'
import type { ControlMessage } from '../../src/wire/control.ts'
import { RouterWorld } from './router-world.ts'

/** A destination that was lost is remembered for so long. */
const rememberedMs = 180_000

it('RT9 what a neighbour says again of a destination that was lost does not bring it back, and its next life is taken at once', () => {
  const world = new RouterWorld()
  const [relay, ghostly, gone] = [world.router('relay', 'relay'), world.router('ghostly'), world.router('gone')]
  const { dialer, listener } = world.link(ghostly, relay)
  const said: ControlMessage[] = []
  const send = listener.sendControl.bind(listener)
  listener.sendControl = (message) => {
    said.push(message)
    send(message)
  }
  world.link(gone, relay)
  world.run(3_000)
  const { seq48, metric, hops } = said
    .flatMap((message) => (message.type === 'routes' ? message.entries : []))
    .find(({ destination }) => destination === gone.address)!
  const records = said.flatMap((message) => (message.type === 'records' ? message.records : []))
  for (const link of gone.links()) link.channel.close('cut')
  world.run(1_000)
  expect(relay.destination(gone.address)).toBeUndefined()

  /** As somebody who was not told, or was away meanwhile, would. */
  const sayAgain = (): void => {
    dialer.sendControl({
      type: 'routes',
      entries: [{ destination: gone.address, seq48, metric: metric + 20, hops: hops + 1 }],
      complete: false,
    })
    world.run(50)
    dialer.sendControl({ type: 'records', records })
    world.run(50)
  }
  for (let passedMs = 1_000; passedMs < rememberedMs - 5_000; passedMs += 10_000) {
    sayAgain()
    expect(relay.destination(gone.address), `after ${passedMs} ms`).toBeUndefined()
    world.run(9_900)
  }

  const again = world.router('gone', 'member', { again: gone, epoch: 1_700_000_500 })
  world.link(again, relay)
  world.run(1_000)
  expect(relay.destination(gone.address)).toMatchObject({ hops: 1 })
})
