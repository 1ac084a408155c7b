import type { Operations, OperationOptions } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { isMemberAddress } from '../identity/address.ts'
import { resolveName, unresolved } from '../membership/names.ts'
import { settleEach, targetList, type Outcomes, type SeveralTargets } from '../membership/targets.ts'
import type { Clock } from '../ports/clock.ts'
import type { Router } from '../routing/router.ts'
import { traceService, type PeerKind } from '../routing/routing-types.ts'
import { requestTimeoutMs, type Requests } from '../calls/requests.ts'

/** Who waits for somebody that this node was not told of asks the relay again. */
const askEveryMs = 2_000

export interface TargetResolverOptions {
  readonly clock: Clock
  readonly operations: Operations
  readonly requests: Requests
  /** Throws NOT_READY or CLOSED where there is none. */
  router(): Router
}

/** What is left for an operation once its target is found. */
export interface TimeLeft {
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number
}

/** From what the application calls a target to an address that can be reached, within the time of the operation that needs it. */
export class TargetResolver {
  readonly #options: TargetResolverOptions

  constructor(options: TargetResolverOptions) {
    this.#options = options
  }

  /** The address that a name, `who` or address means, as soon as it can be reached. */
  resolve(target: string, options: OperationOptions = {}, kinds: readonly PeerKind[] = ['member']): Promise<string> {
    const { signal, timeoutMs = requestTimeoutMs } = options
    const router = this.#options.router()
    let undecided: MeshError | undefined
    return this.#options.operations.run<string>({
      signal,
      timeoutMs,
      timedOut: () => undecided ?? unresolved(target, timeoutMs),
      begin: (settle) => {
        if (typeof target !== 'string' || target === '') throw new MeshError('INVALID_OPTION', 'a target is an address or a name')
        const look = (): void => {
          const found = resolveName({ target, self: router.address, kinds }, router.destinations())
          undecided = undefined
          if (found instanceof MeshError) settle.reject(found)
          else if (typeof found === 'string') settle.resolve(found)
          else if (found !== undefined) {
            undecided = found.error
            for (const address of found.ask) router.probe(address)
          }
        }
        look()
        const forget = router.on('destination', look)
        const stopAsking = this.#askRelay(router, target, () => settle.resolve(target))
        return () => {
          forget()
          stopAsking()
        }
      },
    })
  }

  /** As `resolve`, then `begin` with what is left of the time. */
  async withAddress<T>(
    target: string,
    options: OperationOptions & { readonly timeoutMs: number; readonly kinds?: readonly PeerKind[] },
    begin: (address: string, left: TimeLeft) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#options
    const since = clock.now()
    const address = await this.resolve(target, options, options.kinds)
    return begin(address, { signal: options.signal, timeoutMs: Math.max(1, options.timeoutMs - (clock.now() - since)) })
  }

  /** As `withAddress` for each of several: a target that cannot be resolved is a rejected entry. */
  withAddresses<T>(
    targets: SeveralTargets,
    options: OperationOptions & { readonly timeoutMs: number; readonly atOnceMax?: number | undefined },
    begin: (address: string, left: TimeLeft) => Promise<T>,
  ): Promise<Outcomes<T>> {
    const list = targetList(targets, this.#options.router())
    return settleEach(list, (target) => this.withAddress(target, options, begin), options.atOnceMax)
  }

  /** A leaf was not told of everybody in a large network (R14): calls `known` when the relay that knows more has a way there. */
  #askRelay(router: Router, target: string, known: () => void): () => void {
    const { clock, requests } = this.#options
    let stop = (): void => {}
    const ask = (): void => {
      stop = clock.setTimer(askEveryMs, ask)
      const relay = router.wiserRelay
      if (relay === undefined) return
      const bytes = new TextEncoder().encode(target)
      const asked = requests.send(router, { targets: [relay], service: traceService, bytes, timeoutMs: askEveryMs })
      asked.then((reply) => (reply.json() as { via?: unknown } | null)?.via !== undefined && known()).catch(() => {})
    }
    if (isMemberAddress(target) && target !== router.address && !router.destination(target)) ask()
    return () => stop()
  }
}
