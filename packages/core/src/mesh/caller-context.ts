import type { CallerOf } from '../services/caller-of.ts'
import type { Mesh } from './mesh.ts'

/** What every function and stream handler is given first: the mesh that was called, and who calls. */
export type CallerContext = CallerOf<Mesh>
