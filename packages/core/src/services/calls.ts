// Calls, from the side of whoever makes them and of whoever answers them: what is common to services and functions.

import { MeshError } from '../errors/mesh-error.ts'
import { asMeshError, type OperationOptions, type Operations } from '../async/operations.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import type { Router } from '../routing/router.ts'
import type { Arrival } from '../routing/routing-types.ts'
import type { DecodedPacket } from '../wire/packet.ts'
import { isWireFault, type WireFault } from '../wire/wire-fault.ts'
import { Absences } from './absences.ts'
import { AnsweredCalls, type Answering } from './answered-calls.ts'
import type { Asking, Attempt, AttemptEvents } from './attempt.ts'
import { bodyBytes, type BodyInput } from './body.ts'
import { AllReplies } from './call-all.ts'
import {
  callIdText,
  callKeyBytesMax,
  callService,
  callTypes,
  decodeAsk,
  decodeCallAnswer,
  decodeCallRequest,
  decodeTaken,
  type NameSpace,
} from './call-codec.ts'
import type { CallAllOptions, CallOptions, MemberCallOptions } from './call-options.ts'
import { CallReplies, failedSource, type RepliesSink, type RepliesSource } from './call-replies.ts'
import { CallRun, type CallPlan } from './call-run.ts'
import { OutgoingCalls } from './outgoing-calls.ts'
import { PacketAttempt } from './packet-attempt.ts'
import { checkSelect, ProviderChoice } from './provider-choice.ts'
import { bodyBytesMax, plainBodyBytesMax, requestTimeoutMs, type Reply } from './requests.ts'
import { byPreference, checkServiceName, type ServiceListing, type ServiceRegistry } from './service-registry.ts'
import { shownName } from './shown-name.ts'

/** The relay of a large network is asked for providers no longer than this. */
const seekMsMax = 3_000

export interface CallsOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  readonly operations: Operations
  readonly services: ServiceRegistry
  /** Runs now, or when there is a router. */
  whenStarted(options: OperationOptions, begin: (router: Router) => Promise<void>): Promise<void>
}

/** What is called at one member: a function, by its name. */
export interface MemberCall {
  readonly address: string
  readonly space: NameSpace
  readonly name: string
  readonly body: Uint8Array
}

export class Calls {
  readonly #options: CallsOptions
  readonly #absences: Absences
  readonly #outgoing: OutgoingCalls
  readonly #answered: AnsweredCalls
  readonly #choice: ProviderChoice
  #router: Router | undefined

  constructor(options: CallsOptions) {
    const { clock, dice, log } = options
    this.#options = options
    this.#absences = new Absences(clock)
    this.#outgoing = new OutgoingCalls({ clock, dice, absences: this.#absences })
    this.#answered = new AnsweredCalls({ clock, log, absences: this.#absences })
    this.#choice = new ProviderChoice(dice)
  }

  attach(router: Router): void {
    this.#router = router
    this.#absences.attach(router)
    this.#answered.attach(router)
    router.registerService(callService, (packet, arrival) => this.#receive(packet, arrival), { plain: false })
  }

  serve(space: NameSpace, answering: Answering): void {
    this.#answered.serve(space, answering)
  }

  /** Of a service, by the provider that is chosen. */
  call(service: string, body: BodyInput, options: CallOptions): CallReplies<Reply> {
    return this.#replies(options, (router) => this.#planOfService(router, { service, body, options }), service)
  }

  /** Asks one member. */
  callMember(call: MemberCall, options: MemberCallOptions): CallReplies<Reply> {
    return this.#replies(options, (router) => {
      const { address, space, name, body } = call
      const asking = { space, name, body, ...this.#asking(options) }
      const what = `the ${space} '${shownName(name)}'`
      return {
        ...this.#planOf(what, options),
        next: (asked) => (asked.has(address) ? undefined : address),
        nobody: () => new MeshError('NO_ROUTE', `nobody to ask for ${what}`),
        ask: (target, events) => this.#ask(router, { ...asking, target }, events),
      }
    })
  }

  /** Of a service, by every provider. */
  callAll(service: string, body: BodyInput, options: CallAllOptions): AllReplies {
    let bytes: Uint8Array = new Uint8Array()
    const all = new AllReplies((provider) =>
      this.#replies(options, (started) => this.#planOfProvider(started, provider, { bytes, options })),
    )
    const start = (started: Router): void => {
      try {
        checkServiceName(service)
        bytes = checkedBody(body)
        const providers = this.#providers(started, service, { bytes: bytes.length, plain: options.plain })
        const there = providers.filter(({ silent }) => !silent)
        all.start(there.length > 0 ? there : providers)
      } catch (error) {
        all.fail(asMeshError(error))
      }
    }
    const seeking = this.#router && this.#seek(service, options, true)
    if (this.#router && !seeking) start(this.#router)
    else {
      const begin = async (started: Router): Promise<void> => {
        await (seeking ?? this.#seek(service, options, true))
        start(started)
      }
      this.#options.whenStarted(options, begin).catch((error: unknown) => all.fail(asMeshError(error)))
    }
    return all
  }

  close(): void {
    this.#answered.close()
    this.#outgoing.close()
    this.#absences.close()
    this.#router = undefined
  }

  #planOfService(router: Router, call: { service: string; body: BodyInput; options: CallOptions }): CallPlan {
    const { service, options } = call
    checkServiceName(service)
    checkSelect(options.select)
    const body = checkedBody(call.body)
    const asking = { space: 'service', name: service, body, ...this.#asking(options) } as const
    let none: MeshError | undefined
    return {
      ...this.#planOf(`'${shownName(service)}'`, options),
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
      ask: (target, events) => this.#ask(router, { ...asking, target }, events),
      answered: (target) => this.#choice.answered(service, target),
    }
  }

  #planOfProvider(router: Router, { address, service }: ServiceListing, call: { bytes: Uint8Array; options: OperationOptions }): CallPlan {
    const asking = { space: 'service', name: service, body: call.bytes, ...this.#asking(call.options) } as const
    return {
      ...this.#planOf(`'${shownName(service)}'`, call.options),
      next: (asked) => (asked.has(address) ? undefined : address),
      nobody: () => new MeshError('NO_SERVICE', `${address} does not offer it any more`),
      ask: (target, events) => this.#ask(router, { ...asking, target }, events),
    }
  }

  /** Who can be asked, best first. Throws NO_SERVICE or TOO_LARGE. */
  #providers(router: Router, service: string, { bytes, plain }: { bytes: number; plain: boolean | undefined }): ServiceListing[] {
    const listed = byPreference(this.#options.services.list(service))
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

  #planOf(what: string, options: MemberCallOptions): Omit<CallPlan, 'next' | 'nobody' | 'ask'> {
    const { signal, timeoutMs = requestTimeoutMs, idempotent = false } = options
    return { what, signal, timeoutMs, idempotent: idempotent !== false, answered: () => {} }
  }

  /** What every provider that is asked is told. */
  #asking({ timeoutMs = requestTimeoutMs, idempotent = false }: MemberCallOptions): Pick<Asking, 'timeoutMs' | 'key'> {
    if (idempotent === false) return { timeoutMs, key: undefined }
    if (idempotent === true) return { timeoutMs, key: callIdText(this.#options.dice.bytes(16)) }
    if (typeof idempotent === 'string' && idempotent !== '' && new TextEncoder().encode(idempotent).length < callKeyBytesMax) {
      return { timeoutMs, key: `=${idempotent}` }
    }
    throw new MeshError('INVALID_OPTION', `idempotent must be true, false or a text of 1 to ${callKeyBytesMax - 1} bytes`)
  }

  #ask(router: Router, asking: Asking, events: AttemptEvents): Attempt {
    if (router.seals(asking.target)) return this.#outgoing.begin(router, asking, events)
    const attempt = new PacketAttempt(router, this.#options.clock, { asking, events })
    attempt.begin()
    return attempt
  }

  /** `service`: its providers are sought first where this node was not told of everybody. */
  #replies(options: OperationOptions, plan: (router: Router) => CallPlan, service?: string): CallReplies<Reply> {
    const { clock, operations } = this.#options
    const begin = (router: Router, sink: RepliesSink<Reply>): RepliesSource<Reply> => {
      try {
        return new CallRun(plan(router), sink, { clock, operations })
      } catch (error) {
        return failedSource(sink, asMeshError(error))
      }
    }
    const seek = (): Promise<void> | undefined => this.#seek(service, options)
    return new CallReplies((sink) => {
      const seeking = this.#router && seek()
      if (this.#router && !seeking) return begin(this.#router, sink)
      return this.#later(options, sink, async (router) => {
        await (seeking ?? seek())
        return begin(router, sink)
      })
    })
  }

  #seek(service: string | undefined, { signal, timeoutMs = requestTimeoutMs }: OperationOptions, all = false): Promise<void> | undefined {
    if (typeof service !== 'string' || service === '' || !(timeoutMs > 0)) return undefined
    return this.#options.services.seek(service, { all, signal, timeoutMs: Math.min(timeoutMs / 2, seekMsMax) })
  }

  /** The identity is not loaded yet, or the relay is asked for providers. */
  #later(
    options: OperationOptions,
    sink: RepliesSink<Reply>,
    begin: (router: Router) => Promise<RepliesSource<Reply>>,
  ): RepliesSource<Reply> {
    let source: RepliesSource<Reply> | undefined
    let cancelled = false
    const started = this.#options.whenStarted(options, async (router) => {
      if (cancelled) return
      source = await begin(router)
      if (cancelled) source.cancel()
    })
    started.catch((error: unknown) => sink.end(asMeshError(error)))
    return {
      took: (reply) => source?.took(reply),
      cancel: () => {
        cancelled = true
        source?.cancel()
      },
    }
  }

  #receive(packet: DecodedPacket, arrival: Arrival): void {
    const { srcAddr: from, dataType, contextID } = packet
    if (arrival.plain || arrival.broadcast || !arrival.verified || !from) return
    const data = packet.data ?? new Uint8Array()
    switch (dataType) {
      case callTypes.request:
        return this.#read(from, decodeCallRequest(data), (request) => this.#answered.requested({ request, from, contextID, arrival }))
      case callTypes.answer:
        return this.#read(from, decodeCallAnswer(data), (answer) => this.#outgoing.answer(from, answer, arrival))
      case callTypes.taken:
        return this.#read(from, decodeTaken(data), ({ id, count }) => this.#answered.taken(from, id, count))
      case callTypes.ask:
        return this.#read(from, decodeAsk(data), (asked) => this.#answered.asked(from, asked))
      case callTypes.cancel:
        return this.#read(from, decodeTaken(data), ({ id }) => this.#answered.cancelled(from, id))
      default:
        return this.#router?.fault('unknown-kind', `${from}: packets to ${callService} of a kind that is not known here`)
    }
  }

  #read<T extends object>(from: string, read: T | WireFault, then: (value: T) => void): void {
    if (isWireFault(read)) this.#router?.fault(read.code, `${from}: ${read.detail}`)
    else then(read)
  }
}

/** Throws INVALID_OPTION or TOO_LARGE. */
export function checkedBody(body: unknown): Uint8Array {
  const bytes = bodyBytes(body)
  if (!bytes) throw new MeshError('INVALID_OPTION', `the body of a call is a string, a Uint8Array or nothing, not ${typeof body}`)
  if (bytes.length > bodyBytesMax) throw new MeshError('TOO_LARGE', `the body has ${bytes.length} bytes, ${bodyBytesMax} fit in a call`)
  return bytes
}
