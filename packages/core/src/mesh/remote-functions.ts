import { functionProxy } from '../functions/function-proxy.ts'
import { encodeArguments } from '../functions/function-room.ts'
import { handled } from '../async/operations.ts'
import { areSeveral } from '../membership/targets.ts'
import type { MemberCallOptions } from '../calls/call-options.ts'
import { requestTimeoutMs } from '../calls/requests.ts'
import type { MeshRooms } from './mesh-rooms.ts'

/** `mesh.to(…)`: the functions of one member, or of each of several, with the options of every call. */
export function remoteFunctions(rooms: MeshRooms, target: string | readonly string[], options: MemberCallOptions): object {
  const { signal, idempotent, timeoutMs = requestTimeoutMs } = options
  return functionProxy((name, args) => handled(called(name, args)))

  async function called(name: string, args: readonly unknown[]): Promise<unknown> {
    const call = { name, args: encodeArguments(name, args) }
    const ask = (address: string, left: { signal: AbortSignal | undefined; timeoutMs: number }): Promise<unknown> =>
      rooms.functions.call(address, call, { ...left, idempotent })
    return rooms.whenStarted(options, (): Promise<unknown> =>
      areSeveral(target)
        ? rooms.targets.withAddresses(target, { signal, timeoutMs }, ask)
        : rooms.targets.withAddress(target, { signal, timeoutMs }, ask),
    )
  }
}
