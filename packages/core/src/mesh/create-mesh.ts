import type { Environment } from './environment.ts'
import { Mesh } from './mesh.ts'
import type { MeshOptionsOf } from './mesh-options.ts'
import { MeshRooms } from './mesh-rooms.ts'
import { meshSettings } from './mesh-settings.ts'

/** What `createMesh` and `joinMesh` take. */
export type MeshOptions = MeshOptionsOf<Mesh>

/**
 * A mesh at once: listeners and services can be registered before it is `ready`, and it goes on trying to connect.
 * Aborting `options.signal` closes it. Throws INVALID_OPTION.
 */
export function createMesh(options: MeshOptions, environment: Environment): Mesh {
  const settings = meshSettings(options)
  const rooms = new MeshRooms(settings, environment)
  const mesh = new Mesh(rooms)
  if (options.functions) mesh.functions.register(options.functions)
  for (const [name, handler] of Object.entries(options.services ?? {})) mesh.services.register(name, handler)
  const { signal } = options
  const abort = (): void => void mesh.close()
  // A signal may live much longer than the mesh, and must not keep it.
  rooms.onClose = () => signal?.removeEventListener('abort', abort)
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort)
  return mesh
}
