import type { Mesh } from '@hopmesh/core'
import type { PageLife } from './page-life.ts'

/** A page that is shown again, or a device that is online again, does not sit out the wait before the next try. */
export function redialWhenBack(mesh: Mesh, life: PageLife): Mesh {
  life.onBack(() => {
    for (const { url, state } of mesh.relays.list()) {
      if (state !== 'waiting') continue
      mesh.relays.remove(url)
      mesh.relays.add(url)
    }
  })
  return mesh
}
