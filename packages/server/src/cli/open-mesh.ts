import { joinMesh } from '@hopmesh/core'
import type { Mesh, MeshOptions } from '@hopmesh/core'
import { nodeEnvironment } from '../node-environment.ts'
import type { Settings } from './settings.ts'

/** A person waits at the prompt: a relay that does not answer by then is not there. */
const joinTimeoutMs = 5_000

/** Joins by one relay as the flags say. Rejects with what the relay said, or RELAY_UNREACHABLE. */
export function openMesh(url: string, settings: Settings): Promise<Mesh> {
  const options: MeshOptions = {
    network: String(settings['network']),
    relays: [url],
    name: typeof settings['name'] === 'string' ? settings['name'] : undefined,
    identity: typeof settings['identity'] === 'string' ? { file: settings['identity'] } : 'ephemeral',
    timeoutMs: joinTimeoutMs,
  }
  return joinMesh(options, nodeEnvironment(options))
}

/** Joins, does one thing and leaves, whatever came of it. */
export async function withMesh<T>(url: string, settings: Settings, work: (mesh: Mesh) => Promise<T>): Promise<T> {
  const mesh = await openMesh(url, settings)
  try {
    return await work(mesh)
  } finally {
    await mesh.close()
  }
}
