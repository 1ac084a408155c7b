// Calls of services: who is asked, of those who offer it.

import { MeshError } from '../errors/mesh-error.ts'
import { asMeshError, type OperationOptions } from '../async/operations.ts'
import { bodyBytes, type BodyInput } from '../calls/body.ts'
import { memberCallOptions, type MemberCallOptions } from '../calls/call-options.ts'
import type { CallReplies } from '../calls/call-replies.ts'
import type { CallPlan } from '../calls/call-run.ts'
import type { Calls } from '../calls/calls.ts'
import { bodyBytesMax, plainBodyBytesMax, requestTimeoutMs, type Reply } from '../calls/requests.ts'
import { shownName } from '../calls/one-line.ts'
import type { Dice } from '../ports/dice.ts'
import type { Router } from '../routing/router.ts'
import { AllReplies } from './all-replies.ts'
import { checkSelect, ProviderChoice, type Select } from './provider-choice.ts'
import { byPreference, type ServiceListing } from './service-listing.ts'
import { checkServiceName, type ServiceRegistry } from './service-registry.ts'

/** The relay of a large network is asked for providers no longer than this. */
const seekMsMax = 3_000

/** Of a call: whom it asks, how long it waits for the first answer (10 000 ms), and whether it may ask again. */
export interface CallOptions extends MemberCallOptions {
  select?: Select | undefined
  /** In a network with a key: also plain ALN nodes, which cannot prove who they are, and which relays can read. */
  plain?: boolean | undefined
}

/** Of a call to every provider: `timeoutMs` (10 000) is how long each may take to its first answer. */
export interface CallAllOptions extends OperationOptions {
  plain?: boolean | undefined
}

/** The names in the options. */
export const callAllOptions: readonly string[] = ['plain', 'signal', 'timeoutMs'] satisfies (keyof CallAllOptions)[]
export const callOptions: readonly string[] = ['select', 'plain', ...memberCallOptions]

export interface ServiceCallsOptions {
  readonly dice: Dice
  readonly calls: Calls
  readonly services: ServiceRegistry
}

export class ServiceCalls {
  readonly #calls: Calls
  readonly #services: ServiceRegistry
  readonly #choice: ProviderChoice

  constructor({ dice, calls, services }: ServiceCallsOptions) {
    this.#calls = calls
    this.#services = services
    this.#choice = new ProviderChoice(dice)
  }

  /** By the provider that is chosen. */
  call(service: string, body: BodyInput, options: CallOptions): CallReplies<Reply> {
    const seek = (): Promise<void> | undefined => this.#seek(service, options)
    return this.#calls.call(options, (router) => this.#plan(router, { service, body, options }), seek)
  }

  /** By every provider. */
  callAll(service: string, body: BodyInput, options: CallAllOptions): AllReplies {
    let bytes: Uint8Array = new Uint8Array()
    const all = new AllReplies(({ address }) => this.#calls.callOne(address, { space: 'service', name: service, body: bytes }, options))
    const start = (router: Router): void => {
      try {
        checkServiceName(service)
        bytes = checkedBody(body)
        const providers = this.#providers(router, service, { bytes: bytes.length, plain: options.plain })
        const there = providers.filter(({ silent }) => !silent)
        all.start(there.length > 0 ? there : providers)
      } catch (error) {
        all.fail(asMeshError(error))
      }
    }
    const waiting = this.#calls.whenPrepared(options, start, () => this.#seek(service, options, true))
    waiting?.catch((error: unknown) => all.fail(asMeshError(error)))
    return all
  }

  #plan(router: Router, call: { service: string; body: BodyInput; options: CallOptions }): CallPlan {
    const { service, options } = call
    checkServiceName(service)
    checkSelect(options.select)
    const body = checkedBody(call.body)
    let none: MeshError | undefined
    return {
      ...this.#calls.asking(router, { space: 'service', name: service, body }, options),
      next: (asked) => {
        try {
          const able = this.#providers(router, service, { bytes: body.length, plain: options.plain })
          return this.#choice.choose(
            able.filter(({ address }) => !asked.has(address)),
            options.select,
          )?.address
        } catch (error) {
          // What the app's own function throws is told as it is.
          if (!(error instanceof MeshError) || error.code === 'INVALID_OPTION') throw error
          none = error
          return undefined
        }
      },
      nobody: () => none ?? new MeshError('NO_SERVICE', `no provider of '${shownName(service)}' was selected`),
      answered: (target) => this.#choice.answered(service, target),
    }
  }

  /** Who can be asked, best first. Throws NO_SERVICE or TOO_LARGE. */
  #providers(router: Router, service: string, { bytes, plain }: { bytes: number; plain: boolean | undefined }): ServiceListing[] {
    const listed = byPreference(this.#services.list(service))
    const trusted = router.keyed && plain !== true ? listed.filter(({ kind }) => kind !== 'plain') : listed
    if (!trusted.length) {
      const only = listed.length > 0
      const who = only ? 'only plain ALN nodes offer' : 'nobody offers'
      throw new MeshError('NO_SERVICE', `${who} the service '${shownName(service)}'${only ? ': call it with { plain: true }' : ''}`)
    }
    const able = bytes > plainBodyBytesMax ? trusted.filter(({ kind }) => kind !== 'plain') : trusted
    if (able.length) return able
    throw new MeshError('TOO_LARGE', `the body has ${bytes} bytes, ${plainBodyBytesMax} fit in a call to a plain ALN node`)
  }

  /** Its providers, where this node was not told of everybody. */
  #seek(service: string, { signal, timeoutMs = requestTimeoutMs }: OperationOptions, all = false): Promise<void> | undefined {
    if (typeof service !== 'string' || service === '' || !(timeoutMs > 0)) return undefined
    return this.#services.seek(service, { all, signal, timeoutMs: Math.min(timeoutMs / 2, seekMsMax) })
  }
}

/** Throws INVALID_OPTION or TOO_LARGE. */
function checkedBody(body: unknown): Uint8Array {
  const bytes = bodyBytes(body)
  if (!bytes) throw new MeshError('INVALID_OPTION', `the body of a call is a string, a Uint8Array or nothing, not ${typeof body}`)
  if (bytes.length > bodyBytesMax) throw new MeshError('TOO_LARGE', `the body has ${bytes.length} bytes, ${bodyBytesMax} fit in a call`)
  return bytes
}
