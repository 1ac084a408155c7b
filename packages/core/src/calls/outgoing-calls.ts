// Calls to other members that wait for answers. What comes for a call that is over, or from somebody else, is dropped.

import { asMeshError } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Router } from '../routing/router.ts'
import type { Arrival } from '../routing/routing-types.ts'
import { netStates, type DecodedPacket } from '../wire/packet.ts'
import type { Absences } from './absences.ts'
import { AnswerOrder } from './answer-order.ts'
import type { Asking, Attempt, AttemptEvents } from './attempt.ts'
import {
  answerBytesAheadMax,
  answersAheadMax,
  callIdBytes,
  callIdText,
  callService,
  callTypes,
  encodeAsk,
  encodeCallRequest,
  encodeTaken,
  type CallAnswer,
} from './call-codec.ts'
import { decodeNetError, decodeThrown } from './remote-error.ts'
import { bodyBytesMax, Reply, replyTypes } from './requests.ts'

/** After so long without an answer a provider is asked whether it still has the call: it may have given it up, and been cut off then. */
const askEveryMs = 15_000
/** When a cancel is said again that may not have arrived. */
const cancelAgainMs: readonly number[] = [1_000, 5_000, 15_000]

export interface OutgoingCallsOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly absences: Absences
}

/** What a provider says before it has begun. */
const notBegun: readonly string[] = ['NO_SERVICE', 'NO_FUNCTION', 'NO_HANDLER', 'BUSY']
/** How a delivery fails of which it is certain that it did not arrive; every other way may have. */
const notArrived: readonly string[] = ['NO_ROUTE', 'QUEUE_FULL', 'TIMEOUT', 'CLOSED', 'BUSY', 'TOO_LARGE', 'INVALID_OPTION']

export class OutgoingCalls {
  readonly #options: OutgoingCallsOptions
  readonly #pending = new Map<string, OutgoingCall>()
  /** Cancels that are to be said again. */
  readonly #repeats = new Set<() => void>()
  #closed = false

  constructor(options: OutgoingCallsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#pending.size
  }

  /** Asks at once. Throws QUEUE_FULL or TOO_LARGE. */
  begin(router: Router, asking: Asking, events: AttemptEvents): Attempt {
    const { clock, dice, absences } = this.#options
    const id = dice.bytes(callIdBytes)
    const key = callIdText(id)
    const call: OutgoingCall = new OutgoingCall(router, {
      id,
      clock,
      absences,
      asking,
      events,
      over: () => this.#pending.delete(key),
      later: (delayMs, say) => this.#later(delayMs, say),
    })
    this.#pending.set(key, call)
    call.begin()
    return call
  }

  close(): void {
    this.#closed = true
    for (const stop of this.#repeats) stop()
    this.#repeats.clear()
  }

  answer(from: string, answer: CallAnswer, arrival: Arrival): void {
    const call = this.#pending.get(callIdText(answer.id))
    if (call?.target === from) call.answer(answer, arrival)
  }

  #later(delayMs: number, say: () => void): void {
    if (this.#closed) return
    const stop = this.#options.clock.setTimer(delayMs, () => {
      this.#repeats.delete(stop)
      say()
    })
    this.#repeats.add(stop)
  }
}

interface OutgoingCallOptions {
  readonly id: Uint8Array
  readonly clock: Clock
  readonly absences: Absences
  readonly asking: Asking
  readonly events: AttemptEvents
  over(): void
  later(delayMs: number, say: () => void): void
}

class OutgoingCall implements Attempt {
  readonly target: string
  readonly #router: Router
  readonly #options: OutgoingCallOptions
  readonly #order: AnswerOrder = new AnswerOrder()
  #stopWatch: (() => void) | undefined
  #stopAsking: (() => void) | undefined
  #context: number | undefined
  #taken = 0
  #takenBytes = 0
  #toldTaken = 0
  /** Handed on, and not read. */
  #unreadBytes = 0
  #over = false

  constructor(router: Router, options: OutgoingCallOptions) {
    this.#router = router
    this.#options = options
    this.target = options.asking.target
  }

  begin(): void {
    const { id, asking, absences } = this.#options
    const { target, space } = asking
    // A service of an app's own router answers to a context, as those of plain nodes do.
    if (space === 'service')
      this.#context = this.#router.registerContext((packet, arrival) => this.#bare(packet, arrival), { from: target })
    this.#stopWatch = absences.watch(target, (what) =>
      this.#fail(new MeshError('OUTCOME_UNKNOWN', `${what}, and had not answered`), 'maybe'),
    )
    const data = encodeCallRequest({ ...asking, id })
    this.#router
      .deliver({ service: callService, dataType: callTypes.request, destAddr: target, contextID: this.#context, data })
      .catch((error: unknown) => this.#undelivered(asMeshError(error)))
    if (asking.timeoutMs > askEveryMs) this.#askLater()
  }

  answer(answer: CallAnswer, arrival: Arrival): void {
    if (this.#over) return
    const due = this.#order.add(answer, this.#taken)
    if (!due) return this.#break()
    for (const next of due) this.#next(next, arrival)
    if (!this.#over) this.#askLater()
  }

  took(reply: Reply): void {
    if (this.#over) return
    this.#taken += 1
    this.#takenBytes += reply.bytes.length
    this.#unreadBytes -= reply.bytes.length
    if (this.#taken - this.#toldTaken < answersAheadMax / 2 && this.#takenBytes < answerBytesAheadMax / 4) return
    this.#toldTaken = this.#taken
    this.#takenBytes = 0
    void this.#tell(callTypes.taken, encodeTaken(this.#options.id, this.#taken))
  }

  cancel(): void {
    if (this.#end()) void this.#tellOver()
  }

  #next({ kind, body }: CallAnswer, arrival: Arrival): void {
    const { events } = this.#options
    switch (kind) {
      case 'item':
        if (this.#over) return
        this.#unreadBytes += body.length
        if (this.#unreadBytes > bodyBytesMax + answerBytesAheadMax) return this.#break()
        return events.answered(new Reply({ srcAddr: this.target, data: body }, arrival))
      case 'last':
        if (!this.#end()) return
        events.answered(new Reply({ srcAddr: this.target, data: body }, arrival))
        return events.ended()
      case 'end':
        return void (this.#end() && events.ended())
      case 'thrown':
        return this.#fail(decodeThrown(body, this.target), 'yes')
      case 'failed':
        return this.#failedThere(body)
    }
  }

  #failedThere(body: Uint8Array): void {
    const error = decodeNetError(body, this.target)
    this.#fail(error, notBegun.includes(error.code) ? 'no' : error.code === 'OUTCOME_UNKNOWN' ? 'maybe' : 'yes')
  }

  /** In the words that plain nodes use too. */
  #bare(packet: DecodedPacket, arrival: Arrival): void {
    if (!arrival.verified || this.#over) return
    if (packet.netState === netStates.error) return this.#failedThere(packet.data ?? new Uint8Array())
    if (packet.dataType === replyTypes.error) return this.#fail(decodeThrown(packet.data ?? new Uint8Array(), this.target), 'yes')
    if (!this.#end()) return
    this.#options.events.answered(new Reply(packet, arrival))
    this.#options.events.ended()
  }

  #undelivered(error: MeshError): void {
    this.#fail(error, notArrived.includes(error.code) ? 'no' : 'maybe')
  }

  /** The provider does not keep to the rules. */
  #break(): void {
    void this.#tellOver()
    this.#fail(new MeshError('WIRE_FAULT', `${this.target} answered further ahead than was agreed`), 'yes')
  }

  #fail(error: MeshError, ran: 'yes' | 'no' | 'maybe'): void {
    if (this.#end()) this.#options.events.failed(error, ran)
  }

  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#stopWatch?.()
    this.#stopAsking?.()
    if (this.#context !== undefined) this.#router.releaseContext(this.#context)
    this.#options.over()
    return true
  }

  #askLater(): void {
    const { clock, id } = this.#options
    this.#stopAsking?.()
    this.#stopAsking = clock.setTimer(askEveryMs, () => {
      void this.#tell(callTypes.ask, encodeAsk(id, { taken: this.#taken, arrived: this.#order.arrived }))
      this.#askLater()
    })
  }

  /** Whoever is cut off now learns by itself that nobody is there. */
  async #tellOver(again = 0): Promise<void> {
    const { id, later } = this.#options
    const error = await this.#tell(callTypes.cancel, encodeTaken(id, this.#taken))
    const delayMs = cancelAgainMs[again]
    if (error && error.code !== 'CLOSED' && delayMs !== undefined) later(delayMs, () => void this.#tellOver(again + 1))
  }

  /** An error: it may not have arrived. */
  async #tell(dataType: number, data: Uint8Array): Promise<MeshError | undefined> {
    try {
      await this.#router.deliver({ service: callService, dataType, destAddr: this.target, data })
      return undefined
    } catch (error) {
      return asMeshError(error)
    }
  }
}
