// An entry of its own: what a mesh needs only when it is used. Node.js and the simulator have it at once, a page loads it then.

import { DeviceLink } from '../devices/device-link.ts'
import { inspect, serviceOfQuestion } from '../introspection/inspect.ts'
import { trace } from '../introspection/trace.ts'
import { plainPart, type PlainPart } from '../routing/plain/plain-part.ts'
import { StreamTraffic } from '../streams/stream-traffic.ts'

/** What an environment gives when it is asked for late parts. */
export interface LateParts {
  readonly plain: PlainPart
  readonly StreamTraffic: typeof StreamTraffic
  readonly DeviceLink: typeof DeviceLink
  readonly trace: typeof trace
  readonly asking: { readonly inspect: typeof inspect; readonly serviceOfQuestion: typeof serviceOfQuestion }
}

/** All of them. */
export const lateParts: LateParts = { plain: plainPart, StreamTraffic, DeviceLink, trace, asking: { inspect, serviceOfQuestion } }
