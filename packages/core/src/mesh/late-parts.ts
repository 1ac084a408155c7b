// An entry of its own: what a mesh needs only when it is used. Node.js and the simulator have it at once, a page loads it then.

import { plainPart, type PlainPart } from '../routing/plain-part.ts'
import { StreamTraffic } from '../streams/stream-traffic.ts'

export interface LateParts {
  readonly plain: PlainPart
  readonly StreamTraffic: typeof StreamTraffic
}

export const lateParts: LateParts = { plain: plainPart, StreamTraffic }
