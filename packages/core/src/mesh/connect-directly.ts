import { operationOptions, refusedOptions, type OperationOptions } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Peer } from '../membership/peer.ts'
import { connectTimeoutMs } from '../signaling/direct-links.ts'
import type { MeshRooms } from './mesh-rooms.ts'

/** `mesh.connect`: a direct link, and who is at its other end. */
export function connectDirectly(rooms: MeshRooms, target: string, options: OperationOptions): Promise<Peer> {
  const refusal = refusedOptions(options, operationOptions)
  if (refusal) return refusal
  const { signal, timeoutMs = connectTimeoutMs } = options
  return rooms.whenStarted(options, ({ links }) =>
    rooms.targets.withAddress(target, { signal, timeoutMs }, async (address, left) => {
      await links.connect(address, left)
      const peer = rooms.peers.peer(address)
      if (!peer) throw new MeshError('LINK_FAILED', `the direct link with ${address} broke at once`)
      return peer
    }),
  )
}
