// What a mesh asks about another node: the node is found first, and asked with what is left of the time.

import { operationOptions, refusedOptions, type OperationOptions } from '../async/operations.ts'
import { inspectOptions, type InspectOptions, type Inspection, type InspectQuestion } from '../introspection/inspect-options.ts'
import type { Trace } from '../introspection/trace.ts'
import { ping, type PingResult } from '../introspection/ping.ts'
import { latePart } from './late-part.ts'
import type { MeshRooms } from './mesh-rooms.ts'

export function pingNode(rooms: MeshRooms, target: string, options: OperationOptions): Promise<PingResult> {
  const refusal = refusedOptions(options, operationOptions)
  if (refusal) return refusal
  const { environment, requests, targets } = rooms
  return rooms.whenStarted(options, ({ router }) =>
    targets.withAddress(target, { ...options, kinds: ['member', 'relay'] }, (address, left) =>
      ping(address, { ...left, router, requests, clock: environment.clock }),
    ),
  )
}

export function traceNode(rooms: MeshRooms, target: string, options: OperationOptions): Promise<Trace> {
  const refusal = refusedOptions(options, operationOptions)
  if (refusal) return refusal
  const { environment, operations, targets } = rooms
  return rooms.whenStarted(options, async ({ router }) => {
    const trace = await latePart(environment, 'trace')
    return targets.withAddress(target, { ...options, kinds: ['member', 'relay', 'plain'] }, (address, left) =>
      trace(address, { ...left, router, operations, clock: environment.clock }),
    )
  })
}

export function inspectNode(rooms: MeshRooms, target: string, what: InspectQuestion, options: InspectOptions): Promise<Inspection> {
  const refusal = refusedOptions(options, inspectOptions)
  if (refusal) return refusal
  const { environment, requests, targets } = rooms
  return rooms.whenStarted(options, async ({ router }) => {
    const { inspect, serviceOfQuestion } = await latePart(environment, 'asking')
    const question = serviceOfQuestion(what, options)
    return targets.withAddress(target, { ...options, kinds: ['member', 'relay'] }, (address, left) =>
      inspect(address, question, { ...options, ...left, router, requests }),
    )
  })
}
