import { MeshError } from '@hopmesh/core'
import type { Trace, TraceHop } from '@hopmesh/core'
import { isSomebodySoon } from './find.ts'
import { withMesh } from './open-mesh.ts'
import { milliseconds, printLine, table } from './output.ts'
import type { Settings } from './settings.ts'

/** Prints the way to an address or name, hop by hop; what is known of it also when it breaks off. */
export async function runTrace(url: string, target: string, settings: Settings): Promise<void> {
  await withMesh(url, settings, async (mesh) => {
    if (!(await isSomebodySoon(mesh, target))) {
      throw new MeshError('NO_ROUTE', `nobody here has the address or name '${target}': 'hopmesh peers' lists who is`)
    }
    const trace = await mesh.trace(target)
    const { address, arrived, hops, error } = trace
    const failed = error && { code: error.code, message: error.message }
    printLine(settings, { address, arrived, hops, ...(failed && { error: failed }) }, shown(trace))
    if (error) throw error
  })
}

function shown({ hops, arrived }: Trace): string {
  if (hops.length === 0) return arrived ? 'no hops: that is this node itself' : 'no hops'
  return table(['HOP', 'ROUND TRIP', 'KIND', 'NAME', 'ADDRESS'], hops.map(row))
}

function row({ hop, address, name, kind, roundTripMs }: TraceHop): string[] {
  const roundTrip = roundTripMs === undefined ? '*' : milliseconds(roundTripMs)
  return [String(hop), roundTrip, kind ?? '', name, address ?? 'no answer']
}
