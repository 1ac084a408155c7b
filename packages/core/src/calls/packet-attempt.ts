// Asking a node that is no member: a plain ALN node, or one under a name of its own choice. One packet out, whatever answers come
// to its context back: at most once, no word of where the answers end (a long silence is their end), nothing to hold them back with.

import type { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Router } from '../routing/router.ts'
import type { Arrival } from '../routing/routing-types.ts'
import type { DecodedPacket } from '../wire/packet.ts'
import type { Asking, Attempt, AttemptEvents } from './attempt.ts'
import { answered } from './requests.ts'

/** Answers that wait for a reader; more are dropped. */
export const plainAnswersMax = 256

export class PacketAttempt implements Attempt {
  readonly #router: Router
  readonly #asking: Asking
  readonly #events: AttemptEvents
  readonly #clock: Clock
  #context: number | undefined
  #stopSilence: (() => void) | undefined
  #unread = 0

  constructor(router: Router, clock: Clock, { asking, events }: { asking: Asking; events: AttemptEvents }) {
    this.#router = router
    this.#clock = clock
    this.#asking = asking
    this.#events = events
  }

  begin(): void {
    const { target, name, body } = this.#asking
    const take = (packet: DecodedPacket, arrival: Arrival): void => this.#answered(packet, arrival)
    this.#context = this.#router.registerContext(take, { from: target })
    const error = this.#router.send({ service: name, destAddr: target, contextID: this.#context, data: body })
    if (error) this.#fail(error, 'no')
  }

  took(): void {
    this.#unread -= 1
  }

  cancel(): void {
    this.#stopSilence?.()
    if (this.#context !== undefined) this.#router.releaseContext(this.#context)
    this.#context = undefined
  }

  #answered(packet: DecodedPacket, arrival: Arrival): void {
    if (this.#context === undefined) return
    const said = answered(this.#asking.target, packet, arrival)
    if (said.kind === 'hint') return this.#events.hint(said.text)
    if (said.kind === 'error')
      return this.#fail(said.error, said.error.code === 'NO_SERVICE' || said.error.code === 'NO_HANDLER' ? 'no' : 'yes')
    if (said.kind === 'other' || this.#unread >= plainAnswersMax) return
    this.#unread += 1
    this.#stopSilence?.()
    const { timeoutMs } = this.#asking
    if (timeoutMs !== Infinity) this.#stopSilence = this.#clock.setTimer(timeoutMs, () => this.#silent())
    this.#events.answered(said.reply)
  }

  #silent(): void {
    this.cancel()
    this.#events.ended()
  }

  #fail(error: MeshError, ran: 'yes' | 'no'): void {
    this.cancel()
    this.#events.failed(error, ran)
  }
}
