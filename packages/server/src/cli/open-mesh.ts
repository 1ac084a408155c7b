import { MeshError, createMesh } from '@hopmesh/core'
import type { Mesh, MeshOptions } from '@hopmesh/core'
import { nodeEnvironment } from '../node-environment.ts'
import type { Settings } from './settings.ts'

const joinTimeoutMs = 10_000
const lookEveryMs = 20

/** Joins by one relay as the flags say. A person waits at the prompt, so the first failure counts: there is no second try. */
export async function openMesh(url: string, settings: Settings): Promise<Mesh> {
  const options: MeshOptions = {
    network: String(settings['network']),
    key: settings['key'] as readonly string[] | undefined,
    token: settings['token'] as string | undefined,
    relays: [url],
    name: typeof settings['name'] === 'string' ? settings['name'] : undefined,
    identity: typeof settings['identity'] === 'string' ? { file: settings['identity'] } : 'ephemeral',
  }
  const mesh = createMesh(options, nodeEnvironment(options))
  try {
    await mesh.ready
    await online(mesh, url)
  } catch (error) {
    await mesh.close()
    throw error
  }
  return mesh
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

async function online(mesh: Mesh, url: string): Promise<void> {
  const giveUpAt = performance.now() + joinTimeoutMs
  for (;;) {
    const relay = mesh.relays.list()[0]
    if (relay?.state === 'online') return
    if (relay?.error !== undefined) throw relay.error
    if (performance.now() > giveUpAt) throw new MeshError('RELAY_UNREACHABLE', `${url}: no answer within ${joinTimeoutMs / 1_000} s`)
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}
