import { MeshError } from '../errors/mesh-error.ts'
import type { OperationOptions } from '../async/operations.ts'
import type { Router } from '../routing/router.ts'
import type { Requests } from '../services/requests.ts'
import { describeService, peersService, routesService } from './answers.ts'

/** What `mesh.inspect` can ask. */
export type InspectQuestion = 'describe' | 'peers' | 'routes'

const questions: Readonly<Record<InspectQuestion, string>> = { describe: describeService, peers: peersService, routes: routesService }

export interface InspectOptions extends OperationOptions {
  /** Rows to leave out: those of the pages before. */
  skip?: number | undefined
}

/** The names in `InspectOptions`. */
export const inspectOptions: readonly string[] = ['skip', 'signal', 'timeoutMs'] satisfies (keyof InspectOptions)[]

const skipMax = 999_999_999

/** What another node says of itself: its words, which nobody has checked. */
export type Inspection = Readonly<Record<string, unknown>>

export interface Asking extends InspectOptions {
  readonly router: Router
  readonly requests: Requests
}

/** Throws INVALID_OPTION. */
export function serviceOfQuestion(what: string, { skip = 0 }: InspectOptions): string {
  if (!Number.isInteger(skip) || skip < 0 || skip > skipMax)
    throw new MeshError('INVALID_OPTION', `skip must be a whole number of rows, not ${skip}`)
  const service = Object.entries(questions).find(([question]) => question === what)?.[1]
  if (service === undefined)
    throw new MeshError('INVALID_OPTION', `there is no question '${what}'; there are ${Object.keys(questions).join(', ')}`)
  return service
}

export async function inspect(
  address: string,
  service: string,
  { router, requests, skip = 0, signal, timeoutMs }: Asking,
): Promise<Inspection> {
  const bytes = new TextEncoder().encode(skip > 0 ? String(skip) : '')
  const reply = await requests.send(router, { targets: [address], service, bytes, signal, timeoutMs })
  const said = reply.json()
  if (typeof said !== 'object' || said === null || Array.isArray(said))
    throw new MeshError('WIRE_FAULT', `${address} answered something else`)
  return said as Inspection
}
