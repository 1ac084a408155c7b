// The calls of other members that are being answered here: finds the handler, holds each call to its limits, and remembers what
// requests with a key came to.

import { describeThrown } from '../async/operations.ts'
import { RecentSet } from '../bytes/recent-set.ts'
import { MeshError, type MeshErrorCode } from '../errors/mesh-error.ts'
import { whoPart } from '../identity/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Router } from '../routing/router.ts'
import type { Arrival } from '../routing/routing-types.ts'
import type { Absences } from './absences.ts'
import { callIdText, callService, callTypes, encodeCallAnswer, type CallRequest, type NameSpace } from './call-codec.ts'
import { encodeNetError } from './remote-error.ts'
import { OutcomeCache } from './outcome-cache.ts'
import { Request } from './request.ts'
import { RunningCall, tooLargeAnswer } from './running-call.ts'
import { shownName } from './one-line.ts'

/** Calls that are being answered at one time, of everybody and of one caller; beyond, BUSY. */
export const runningCallsMax = 16_384
export const runningCallsOfOneMax = 4_096
/** Bytes of their requests. */
export const runningBytesMax = 134_217_728
export const runningBytesOfOneMax = 67_108_864
/** Calls that were cancelled before they came: their requests were larger, and overtaken. */
const cancelledEarlyMax = 1_024

/** Where the handlers of one name space are found. */
export interface Answering {
  find(name: string): ((request: Request) => unknown) | undefined
  /** A MeshError: a handler must not give such a value. */
  encode(value: unknown): Uint8Array | MeshError
  /** What a generator gives is one answer each. */
  readonly many: boolean
  /** What a caller hears of a name that nobody has registered. */
  readonly missing: MeshErrorCode
  /** What a handler gave cannot be sent: told at home, too. */
  report(error: MeshError): void
}

export interface AnsweredCallsOptions {
  readonly clock: Clock
  readonly log: Log
  readonly absences: Absences
}

interface Running {
  readonly id: string
  readonly call: RunningCall
  /** The same request again, which is to hear the same. */
  readonly waiting: RunningCall[]
}

/** What the calls of one caller take up. */
interface Share {
  calls: number
  bytes: number
}

/** A request that came, and how. */
interface Asked {
  readonly request: CallRequest
  readonly from: string
  readonly contextID: number | undefined
  readonly arrival: Arrival
}

export class AnsweredCalls {
  readonly #options: AnsweredCallsOptions
  readonly #spaces = new Map<NameSpace, Answering>()
  readonly #running = new Map<string, Running>()
  readonly #byKey = new Map<string, Running>()
  /** Over here, and not yet there. */
  readonly #leaving = new Set<string>()
  readonly #ofCaller = new Map<string, Share>()
  #bytes = 0
  readonly #cancelledEarly = new RecentSet<string>(cancelledEarlyMax)
  readonly #outcomes: OutcomeCache
  #router: Router | undefined

  constructor(options: AnsweredCallsOptions) {
    this.#options = options
    this.#outcomes = new OutcomeCache(options.clock)
  }

  attach(router: Router): void {
    this.#router = router
  }

  /** Names of `space` are looked up there from now on. */
  serve(space: NameSpace, answering: Answering): void {
    this.#spaces.set(space, answering)
  }

  /** How many are being answered. */
  get size(): number {
    return this.#running.size
  }

  requested(asked: Asked): void {
    const { request, from } = asked
    const id = `${from} ${callIdText(request.id)}`
    if (this.#running.has(id) || this.#cancelledEarly.has(id)) return
    const { call, begin } = this.#prepare(asked, id)
    if (this.#hasRoom(from, request.body.length)) begin()
    else call.refuse('BUSY', 'too many calls are being answered')
  }

  taken(from: string, id: Uint8Array, count: number): void {
    this.#running.get(`${from} ${callIdText(id)}`)?.call.taken(count)
  }

  /** The caller has not heard of it for a while. */
  asked(from: string, { id, taken, arrived }: { readonly id: Uint8Array; readonly taken: number; readonly arrived: number }): void {
    const key = `${from} ${callIdText(id)}`
    const running = this.#running.get(key)
    if (running) return running.call.taken(taken)
    if (this.#leaving.has(key)) return
    const body = encodeNetError('OUTCOME_UNKNOWN', 'the provider has given the call up')
    this.#deliver(from, encodeCallAnswer({ id, kind: 'failed', index: arrived, body })).catch(() => {
      // It will ask again.
    })
  }

  cancelled(from: string, id: Uint8Array): void {
    const key = `${from} ${callIdText(id)}`
    const running = this.#running.get(key)
    if (running) running.call.cancel(new MeshError('ABORTED', 'the caller wants no more of it'))
    else this.#cancelledEarly.add(key)
  }

  /** Callers hear that nobody can say what their calls came to; nothing is answered any more. */
  close(): void {
    for (const { call } of [...this.#running.values()]) {
      call.refuse('OUTCOME_UNKNOWN', 'the provider left before it had answered')
      call.cancellation.cancel(new MeshError('CLOSED', 'the mesh was closed'))
    }
    this.#router = undefined
  }

  #hasRoom(from: string, bytes: number): boolean {
    const share = this.#ofCaller.get(from)
    if (this.#running.size >= runningCallsMax || this.#bytes + bytes > runningBytesMax) return false
    return !share || (share.calls < runningCallsOfOneMax && share.bytes + bytes <= runningBytesOfOneMax)
  }

  #prepare(asked: Asked, id: string): { call: RunningCall; begin: () => void } {
    const { request, from } = asked
    const { clock, log, absences } = this.#options
    const space = this.#spaces.get(request.space)
    const cacheKey = request.key === undefined ? undefined : `${request.space} ${request.name}\n${whoPart(from)} ${request.key}`
    let stopWatch: (() => void) | undefined
    const call: RunningCall = new RunningCall({
      clock,
      request,
      many: space?.many ?? false,
      deliver: (answer) => this.#deliver(from, encodeCallAnswer(answer)),
      encode: (value) => {
        const body = space?.encode(value) ?? new Uint8Array()
        const error = body instanceof MeshError ? body : tooLargeAnswer(body)
        if (error)
          space?.report(new MeshError('HANDLER_FAILED', `'${request.name}' gave what cannot be sent: ${error.message}`, { cause: error }))
        return error ?? body
      },
      succeeded: (body) => {
        if (cacheKey === undefined) return
        this.#outcomes.set(cacheKey, body)
        for (const other of this.#byKey.get(cacheKey)?.waiting ?? []) other.repeat(body)
      },
      failed: (error) => {
        if (log.level >= 3) log.write(3, 'calls', `the handler of '${request.name}' failed: ${describeThrown(error)}`, error)
      },
      done: () => this.#leaving.delete(id),
      over: () => {
        stopWatch?.()
        if (this.#running.has(id)) this.#leaving.add(id)
        this.#forget(id, from, request.body.length)
        if (cacheKey !== undefined) this.#keyFree(cacheKey, id)
      },
    })
    const begin = (): void => {
      const running: Running = { id, call, waiting: [] }
      this.#running.set(id, running)
      const { calls, bytes } = this.#ofCaller.get(from) ?? { calls: 0, bytes: 0 }
      this.#ofCaller.set(from, { calls: calls + 1, bytes: bytes + request.body.length })
      this.#bytes += request.body.length
      stopWatch = absences.watch(from, (what) => call.cancel(new MeshError('NO_ROUTE', what)))
      this.#begin(asked, running, cacheKey)
    }
    return { call, begin }
  }

  #begin(asked: Asked, running: Running, cacheKey: string | undefined): void {
    const { call } = running
    const { request, from, arrival } = asked
    const { clock, log } = this.#options
    const handler = this.#spaces.get(request.space)?.find(request.name)
    if (!handler) return this.#missing(asked, call)
    if (cacheKey !== undefined) {
      const known = this.#outcomes.get(cacheKey)
      if (known) return call.repeat(known)
      const same = this.#byKey.get(cacheKey)
      if (same) return void same.waiting.push(call)
      this.#byKey.set(cacheKey, running)
    }
    if (log.level >= 5) log.write(5, 'calls', `'${request.name}' asked by ${from}, ${request.body.length} bytes`)
    const deadline = request.timeoutMs === undefined ? undefined : clock.wallTime() + request.timeoutMs
    const { cancellation } = call
    void call.run(() => handler(new Request({ srcAddr: from, data: request.body }, arrival, { cancellation, deadline })))
  }

  /** Perhaps it is a service of the app's own router, which answers by itself, to the context. */
  #missing({ request, from, contextID, arrival }: Asked, call: RunningCall): void {
    const router = this.#router
    const { name, body } = request
    if (router && request.space === 'service' && contextID !== undefined && !name.startsWith('$')) {
      const packet = { service: name, srcAddr: from, destAddr: router.address, contextID, data: body }
      if (!router.deliverSealed(packet, arrival)) return call.cancel(new MeshError('ABORTED', 'the router answers'))
    }
    const missing = this.#spaces.get(request.space)?.missing ?? 'NO_SERVICE'
    call.refuse(missing, `there is no ${request.space} '${shownName(name)}' here`)
  }

  async #deliver(to: string, data: Uint8Array): Promise<void> {
    const router = this.#router
    if (!router) throw new MeshError('CLOSED', 'the mesh was closed')
    return router.deliver({ service: callService, dataType: callTypes.answer, destAddr: to, data })
  }

  #forget(id: string, from: string, bytes: number): void {
    if (!this.#running.delete(id)) return
    this.#bytes -= bytes
    const share = this.#ofCaller.get(from)
    if (!share) return
    if (share.calls > 1) this.#ofCaller.set(from, { calls: share.calls - 1, bytes: share.bytes - bytes })
    else this.#ofCaller.delete(from)
  }

  /** It came to nothing that could be kept: who waited for it has its own try. */
  #keyFree(cacheKey: string, id: string): void {
    const running = this.#byKey.get(cacheKey)
    if (running?.id !== id) return
    this.#byKey.delete(cacheKey)
    for (const other of running.waiting) other.refuse('OUTCOME_UNKNOWN', 'the same request was given up')
  }
}
