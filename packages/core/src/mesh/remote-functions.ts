import { functionProxy } from '../functions/function-proxy.ts'
import { encodeArguments } from '../functions/function-room.ts'
import { handled } from '../async/operations.ts'
import { areSeveral, settleEach, targetList } from '../membership/targets.ts'
import type { MemberCallOptions } from '../calls/call-options.ts'
import type { MeshRooms } from './mesh-rooms.ts'

/** `mesh.to(…)`: the functions of one member, or of each of several, with the options of every call. */
export function remoteFunctions(rooms: MeshRooms, target: string | readonly string[], options: MemberCallOptions): object {
  return functionProxy((name, args) => handled(called(name, args)))

  async function called(name: string, args: readonly unknown[]): Promise<unknown> {
    const call = { name, args: encodeArguments(name, args) }
    const ask = (one: string): Promise<unknown> =>
      rooms.targets.withAddress(one, options, (address, left) => rooms.functions.call(address, call, { ...options, ...left }))
    return rooms.whenStarted<unknown>(options, ({ router }) =>
      areSeveral(target) ? settleEach(targetList(target, router), ask) : ask(target),
    )
  }
}
