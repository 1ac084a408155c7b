import { MeshError } from '../errors/mesh-error.ts'
import { operationOptions, type OperationOptions } from '../async/operations.ts'
import type { Router } from '../routing/router.ts'
import { bodyBytes, type BodyInput } from './body.ts'
import { bodyBytesMax, plainBodyBytesMax, type Reply, type Requests } from './requests.ts'
import { byPreference, checkServiceName, type ServiceListing, type Services } from './service-registry.ts'

export interface CallOptions extends OperationOptions {
  /** Chooses among the providers (best first); undefined: none of them, the call rejects with NO_SERVICE. */
  select?: ((providers: readonly ServiceListing[]) => ServiceListing | undefined) | undefined
  /** In a network with a key: also plain ALN nodes, which cannot prove who they are, and which relays can read. */
  plain?: boolean | undefined
}

/** The names in `CallOptions`. */
export const callOptions: readonly string[] = ['select', 'plain', ...operationOptions]

/** Providers that one call tries to send to, while nothing has left yet. */
const targetsMax = 8

export interface Caller {
  readonly router: Router
  readonly services: Services
  readonly requests: Requests
}

/** `mesh.call`: at most one execution; it always settles. */
export async function call(caller: Caller, service: string, body: BodyInput, options: CallOptions): Promise<Reply> {
  checkServiceName(service)
  const bytes = bodyBytes(body)
  if (!bytes) throw new MeshError('INVALID_OPTION', `the body of a call is a string, a Uint8Array or nothing, not ${typeof body}`)
  if (bytes.length > bodyBytesMax) throw new MeshError('TOO_LARGE', `the body has ${bytes.length} bytes, ${bodyBytesMax} fit in a call`)
  const listed = byPreference(caller.services.list(service))
  const trusted = caller.router.keyed && options.plain !== true ? listed.filter(({ kind }) => kind !== 'plain') : listed
  const providers = choose(trusted, options.select)
  if (!providers.length) {
    const who = listed.length > trusted.length ? 'only plain ALN nodes offer' : 'nobody offers'
    throw new MeshError('NO_SERVICE', `${who} the service '${service}'${listed.length > trusted.length ? ': call it with { plain: true }' : ''}`)
  }
  const able = bytes.length > plainBodyBytesMax ? providers.filter(({ kind }) => kind !== 'plain') : providers
  if (!able.length) {
    throw new MeshError('TOO_LARGE', `the body has ${bytes.length} bytes, ${plainBodyBytesMax} fit in a call to a plain ALN node`)
  }
  const { signal, timeoutMs } = options
  const targets = able.slice(0, targetsMax).map(({ address }) => address)
  return caller.requests.send(caller.router, { targets, service, bytes, signal, timeoutMs })
}

function choose(providers: ServiceListing[], select: CallOptions['select']): ServiceListing[] {
  if (!select || !providers.length) return providers
  const selected = select(providers)
  return selected ? [selected] : []
}
