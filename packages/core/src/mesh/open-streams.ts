import { areSeveral, settleEach, targetList, type Outcomes } from '../membership/targets.ts'
import type { StreamOptions } from '../streams/stream-options.ts'
import type { Sending, StreamTraffic } from '../streams/stream-traffic.ts'
import type { MeshRooms } from './mesh-rooms.ts'

/** What the handler answers with. */
export type StreamAnswer = ReadableStream<Uint8Array<ArrayBuffer>>

/** As many at one time as there are sessions: one that cannot be reached must not hold up those behind it. */
const openedAtOnceMax = 256

export function openStreams(
  rooms: MeshRooms,
  target: readonly string[] | string,
  { name, source, options }: { readonly name: string; readonly source: unknown; readonly options: StreamOptions },
): Promise<Outcomes<StreamAnswer> | StreamAnswer> {
  return rooms.whenStarted<Outcomes<StreamAnswer> | StreamAnswer>(options, async ({ router }) => {
    const targets = areSeveral(target) ? targetList(target, router) : [target]
    const traffic = await rooms.streams.traffic()
    const sendings = traffic.sendings(name, source, options, targets.length)
    const byTarget = new Map(targets.map((one, index) => [one, sendings[index]]))
    const begin = (one: string): Promise<StreamAnswer> => openOne({ rooms, traffic }, one, byTarget.get(one)!)
    return areSeveral(target) ? settleEach(targets, begin, openedAtOnceMax) : begin(target)
  })
}

interface Parts {
  readonly rooms: MeshRooms
  readonly traffic: StreamTraffic<never>
}

async function openOne({ rooms, traffic }: Parts, target: string, sending: Sending): Promise<StreamAnswer> {
  try {
    return await rooms.targets.withAddress(target, sending.options, (address, left) =>
      traffic.open(target, address, sending, left.timeoutMs),
    )
  } catch (error) {
    sending.abandon(error)
    throw error
  }
}
