import { MeshError } from '../errors/mesh-error.ts'
import type { Channel } from '../channel/channel.ts'
import type { Clock } from '../ports/clock.ts'
import { describeThrown } from '../async/operations.ts'
import type { Router } from '../routing/router.ts'
import type { OpenedAttempt, PeerDialer } from './peer-dialer.ts'

/** A direct channel that needs longer than this will not come; a new attempt has better chances. */
export const attemptTimeoutMs = 8_000
/** A signal that got lost is said again while nothing has come of it; the other side drops doubles. */
const repeatAfterMs = [1_000, 3_000] as const
/** Candidates come one by one; no honest attempt has more. */
const signalsPerAttemptMax = 256

export interface AttemptOptions {
  readonly clock: Clock
  readonly router: Router
  readonly dialer: PeerDialer
  /** The only address that may be at the other end. */
  readonly address: string
  readonly id: string
  readonly number: number
  readonly role: 'dialer' | 'listener'
  send(index: number, data: string): void
  /** Once: undefined when the link is up, else why it is not. */
  ended(failure: string | undefined): void
}

/** One try to make one direct link: signals, then a channel, then the greeting on it. Ends exactly once. */
export class Attempt {
  readonly id: string
  readonly number: number
  readonly role: 'dialer' | 'listener'
  readonly #options: AttemptOptions
  readonly #seen = new Set<number>()
  readonly #stopTimers: (() => void)[]
  #opened: OpenedAttempt | undefined
  #channel: Channel | undefined
  #sent = 0
  #over = false

  constructor(options: AttemptOptions) {
    this.#options = options
    this.id = options.id
    this.number = options.number
    this.role = options.role
    this.#stopTimers = [options.clock.setTimer(attemptTimeoutMs, () => this.fail(`no direct link within ${attemptTimeoutMs} ms`))]
  }

  /** The channel is open: the greeting is under way and signals do not matter any more. */
  get hasChannel(): boolean {
    return this.#channel !== undefined
  }

  start(): void {
    const { dialer, role } = this.#options
    try {
      this.#opened = dialer.open({ role, send: (data) => this.#send(data) })
    } catch (error) {
      return this.fail(describeThrown(error))
    }
    this.#opened.channel.then(
      (channel) => this.#greet(channel),
      (error: unknown) => this.fail(error instanceof MeshError ? `${error.code} ${error.message}` : describeThrown(error)),
    )
  }

  /** A signal from the other side; doubles and floods are dropped. */
  signal(index: number, data: string): void {
    if (this.#over || this.#seen.has(index) || this.#seen.size >= signalsPerAttemptMax) return
    this.#seen.add(index)
    try {
      this.#opened?.signal(data)
    } catch (error) {
      this.fail(describeThrown(error))
    }
  }

  fail(why: string): void {
    if (this.#over) return
    this.#end()
    this.#channel?.close(why)
    this.#options.ended(why)
  }

  #send(data: string): void {
    if (this.#over || this.#sent >= signalsPerAttemptMax) return
    const { clock, send } = this.#options
    const index = this.#sent
    this.#sent += 1
    send(index, data)
    for (const delayMs of repeatAfterMs) {
      const repeat = (): void => {
        if (!this.#channel) send(index, data)
      }
      this.#stopTimers.push(clock.setTimer(delayMs, repeat))
    }
  }

  #greet(channel: Channel): void {
    if (this.#over) return channel.close('the attempt is over')
    this.#channel = channel
    const { router, address } = this.#options
    router.addChannel(channel, { expect: address }).up.then(
      () => {
        if (this.#over) return
        this.#end()
        this.#options.ended(undefined)
      },
      (error: unknown) => this.fail(error instanceof MeshError ? `${error.code} ${error.message}` : describeThrown(error)),
    )
  }

  #end(): void {
    this.#over = true
    for (const stop of this.#stopTimers) stop()
    // After the channel is out, cancelling would only disturb it.
    if (!this.#channel) this.#opened?.cancel()
  }
}
