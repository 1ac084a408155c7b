// Calls, from the side of whoever makes them and of whoever answers them: what is common to services and functions.

import { utf8Length } from '../bytes/utf8-length.ts'
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
import type { Asking, Attempt, AttemptEvents, Invocation } from './attempt.ts'
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
import type { MemberCallOptions } from './call-options.ts'
import { CallReplies, failedSource, type RepliesSource } from './call-replies.ts'
import { CallRun, type CallPlan } from './call-run.ts'
import { OutgoingCalls } from './outgoing-calls.ts'
import { PacketAttempt } from './packet-attempt.ts'
import { requestTimeoutMs, type Reply } from './requests.ts'
import { shownName } from './one-line.ts'

export interface CallsOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  readonly operations: Operations
  /** Runs now, or when there is a router. */
  whenStarted(options: OperationOptions, begin: (router: Router) => Promise<void>): Promise<void>
}

/** What has to be through before a call can be planned; never rejects. Undefined: nothing. */
export type Preparation = () => Promise<void> | undefined

const unprepared: Preparation = () => undefined

export class Calls {
  readonly #options: CallsOptions
  readonly #absences: Absences
  readonly #outgoing: OutgoingCalls
  readonly #answered: AnsweredCalls
  #router: Router | undefined

  constructor(options: CallsOptions) {
    const { clock, dice, log } = options
    this.#options = options
    this.#absences = new Absences(clock)
    this.#outgoing = new OutgoingCalls({ clock, dice, absences: this.#absences })
    this.#answered = new AnsweredCalls({ clock, log, absences: this.#absences })
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

  /** Asks one node. */
  callOne(address: string, invocation: Invocation, options: MemberCallOptions): CallReplies<Reply> {
    return this.call(options, (router) => ({
      ...this.asking(router, invocation, options),
      next: (asked) => (asked.has(address) ? undefined : address),
      nobody: () => new MeshError('NO_ROUTE', `nobody to ask for ${whatIsCalled(invocation)}`),
    }))
  }

  /** Asks whom the plan names. What `plan` throws becomes the rejection. */
  call(options: OperationOptions, plan: (router: Router) => CallPlan, preparation: Preparation = unprepared): CallReplies<Reply> {
    const { clock, operations } = this.#options
    return new CallReplies((sink) => {
      let source: RepliesSource<Reply> | undefined
      let cancelled = false
      const begin = (router: Router): void => {
        if (cancelled) return
        try {
          source = new CallRun(plan(router), sink, { clock, operations })
        } catch (error) {
          source = failedSource(sink, asMeshError(error))
        }
      }
      const waiting = this.whenPrepared(options, begin, () => (cancelled ? undefined : preparation()))
      waiting?.catch((error: unknown) => sink.end(asMeshError(error)))
      return {
        took: (reply) => source?.took(reply),
        cancel: () => {
          cancelled = true
          source?.cancel()
        },
      }
    })
  }

  /** Runs `begin` at once where it can, and gives a promise where the identity is not loaded yet or something is to be prepared. */
  whenPrepared(options: OperationOptions, begin: (router: Router) => void, preparation: Preparation): Promise<void> | undefined {
    const preparing = this.#router && preparation()
    if (this.#router && !preparing) {
      begin(this.#router)
      return undefined
    }
    return this.#options.whenStarted(options, async (router) => {
      await (preparing ?? preparation())
      begin(router)
    })
  }

  /** The part of a plan that says how somebody is asked. Throws INVALID_OPTION. */
  asking(router: Router, invocation: Invocation, options: MemberCallOptions): Omit<CallPlan, 'next' | 'nobody'> {
    const { signal, timeoutMs = requestTimeoutMs, idempotent = false } = options
    const asking = { ...invocation, timeoutMs, key: this.#keyOf(idempotent) }
    return {
      what: whatIsCalled(invocation),
      signal,
      timeoutMs,
      idempotent: idempotent !== false,
      ask: (target, events) => this.#ask(router, { ...asking, target }, events),
      answered: () => {},
    }
  }

  close(): void {
    this.#answered.close()
    this.#outgoing.close()
    this.#absences.close()
    this.#router = undefined
  }

  /** By which every provider that is asked knows the call again. */
  #keyOf(idempotent: boolean | string): string | undefined {
    if (idempotent === false) return undefined
    if (idempotent === true) return callIdText(this.#options.dice.bytes(16))
    if (typeof idempotent === 'string' && idempotent !== '' && utf8Length(idempotent) < callKeyBytesMax) {
      return `=${idempotent}`
    }
    throw new MeshError('INVALID_OPTION', `idempotent must be true, false or a text of 1 to ${callKeyBytesMax - 1} bytes`)
  }

  #ask(router: Router, asking: Asking, events: AttemptEvents): Attempt {
    if (router.seals(asking.target)) return this.#outgoing.begin(router, asking, events)
    const attempt = new PacketAttempt(router, this.#options.clock, { asking, events })
    attempt.begin()
    return attempt
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

function whatIsCalled({ space, name }: Invocation): string {
  return `the ${space} '${shownName(name)}'`
}
