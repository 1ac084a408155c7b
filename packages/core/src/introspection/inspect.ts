import { MeshError } from '../errors/mesh-error.ts'
import type { Router } from '../routing/router.ts'
import { servicesService } from '../services/relayed-services.ts'
import type { Requests } from '../calls/requests.ts'
import { describeService, peersService, routesService } from './answers.ts'
import type { Inspection, InspectOptions, InspectQuestion } from './inspect-options.ts'

const questions: Readonly<Record<InspectQuestion, string>> = {
  describe: describeService,
  peers: peersService,
  routes: routesService,
  services: servicesService,
}

const skipMax = 999_999_999

export interface Asking extends InspectOptions {
  readonly router: Router
  readonly requests: Requests
}

/** Throws INVALID_OPTION. */
export function serviceOfQuestion(what: string, { skip = 0, service: provided }: InspectOptions): string {
  if (provided !== undefined && (what !== 'services' || typeof provided !== 'string' || provided === ''))
    throw new MeshError('INVALID_OPTION', 'service is the name of a service, and goes with the question services')
  if (!Number.isInteger(skip) || skip < 0 || skip > skipMax)
    throw new MeshError('INVALID_OPTION', `skip must be a whole number of rows, not ${skip}`)
  const service = Object.entries(questions).find(([question]) => question === what)?.[1]
  if (service === undefined)
    throw new MeshError('INVALID_OPTION', `there is no question '${what}'; there are ${Object.keys(questions).join(', ')}`)
  return service
}

export async function inspect(
  address: string,
  question: string,
  { router, requests, skip = 0, service, signal, timeoutMs }: Asking,
): Promise<Inspection> {
  const bytes = new TextEncoder().encode(service ? `${skip} ${service}` : skip > 0 ? String(skip) : '')
  const reply = await requests.send(router, { targets: [address], service: question, bytes, signal, timeoutMs })
  const said = reply.json()
  if (typeof said !== 'object' || said === null || Array.isArray(said))
    throw new MeshError('WIRE_FAULT', `${address} answered something else`)
  return said as Inspection
}
