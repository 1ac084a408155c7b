import type { FunctionContextOf } from '../functions/function-types.ts'
import type { CallerOf } from '../calls/caller-of.ts'
import type { StreamContextOf } from '../streams/incoming-streams.ts'
import type { Mesh } from './mesh.ts'

/** What every function and stream handler is given first: the mesh that was called, and who calls. */
export type CallerContext = CallerOf<Mesh>

/** The same for handlers of streams, with the file that comes and where it begins. */
export type StreamContext = StreamContextOf<Mesh>

/** What a function is given besides: how long its caller waits. */
export type FunctionContext = FunctionContextOf<Mesh>
