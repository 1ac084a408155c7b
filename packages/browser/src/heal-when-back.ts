import type { Mesh } from '@hopmesh/core'
import type { PageLife } from './page-life.ts'

/** A page that is shown again, or a device that is online again, does not sit out the wait before the next try. */
export function healWhenBack(mesh: Mesh, life: PageLife): Mesh {
  life.onBack(() => void mesh.heal())
  return mesh
}
