import { MeshError } from '../errors/mesh-error.ts'
import { handled } from '../async/operations.ts'
import type { Environment } from './environment.ts'
import { createMesh, type MeshOptions } from './create-mesh.ts'
import type { Mesh } from './mesh.ts'
import { meshSettings } from './mesh-settings.ts'
import type { RelayStatus } from './relay-link.ts'

const lookEveryMs = 50

/**
 * `createMesh` and the first link: at once with `relays: []`. When none came within `timeoutMs` it closes the mesh and
 * rejects: with the refusal (NETWORK_MISMATCH, VERSION_MISMATCH, …) as soon as every relay refused, else with
 * RELAY_UNREACHABLE; `tried` has a line per relay. `signal` is for the joining only: ABORTED.
 */
export function joinMesh(options: MeshOptions, environment: Environment): Promise<Mesh> {
  return handled(join(options, environment))
}

async function join(options: MeshOptions, environment: Environment): Promise<Mesh> {
  const { timeoutMs, relays } = meshSettings(options)
  const { signal, ...rest } = options
  if (signal?.aborted) throw new MeshError('ABORTED', 'joining was aborted by its signal', { cause: signal.reason })
  const mesh = createMesh(rest, environment)
  try {
    await firstLink(mesh, { clock: environment.clock, timeoutMs, signal, wait: relays.length > 0 })
    return mesh
  } catch (error) {
    await mesh.close()
    throw error
  }
}

interface Joining {
  readonly clock: Environment['clock']
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly wait: boolean
}

function firstLink(mesh: Mesh, { clock, timeoutMs, signal, wait }: Joining): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    let stopLooking = (): void => {}
    const stops = [() => stopLooking()]
    const finish = (settle: () => void): void => {
      for (const stop of stops) stop()
      settle()
    }
    const fail = (error: unknown): void => finish(() => reject(error))
    const onAbort = (): void => fail(new MeshError('ABORTED', 'joining was aborted by its signal', { cause: signal?.reason }))
    const timedOut = (): void => fail(unreachable(mesh.relays.list(), timeoutMs))
    const look = (): void => {
      const relays = mesh.relays.list()
      const refusal = relays.every(({ state }) => state === 'refused') ? relays[0]?.error : undefined
      if (refusal) fail(new MeshError(refusal.code, refusal.message, { cause: refusal, tried: relays.map(tried) }))
      else stopLooking = clock.setTimer(lookEveryMs, look)
    }
    stops.push(mesh.once('online', () => finish(resolve)))
    if (timeoutMs !== Infinity) stops.push(clock.setTimer(timeoutMs, timedOut))
    signal?.addEventListener('abort', onAbort)
    stops.push(() => signal?.removeEventListener('abort', onAbort))
    mesh.ready.then(() => (wait && !mesh.online ? look() : finish(resolve)), fail)
  })
}

function unreachable(relays: readonly RelayStatus[], timeoutMs: number): MeshError {
  const lines = relays.map(tried)
  return new MeshError('RELAY_UNREACHABLE', `no relay answered within ${timeoutMs} ms: ${lines.join('; ')}`, { tried: lines })
}

function tried({ url, state, error }: RelayStatus): string {
  return `${url}: ${error ? `${error.code} ${error.message}` : `still ${state}`}`
}
