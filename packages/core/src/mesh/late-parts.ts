// An entry of its own: what a mesh needs only when it is used. Node.js and the simulator have it at once, a page loads it then.

import { plainPart, type PlainPart } from '../routing/plain-part.ts'

export interface LateParts {
  readonly plain: PlainPart
}

export const lateParts: LateParts = { plain: plainPart }
