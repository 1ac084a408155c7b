import { routesService } from '../introspection/answers.ts'
import type { Operations, OperationOptions } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { isCalled, resolveName, unresolved } from '../membership/names.ts'
import type { Clock } from '../ports/clock.ts'
import type { Router } from '../routing/router.ts'
import { readFarMember, type FarMember } from '../routing/far-members.ts'
import type { PeerKind } from '../routing/routing-types.ts'
import { requestTimeoutMs, type Requests } from '../calls/requests.ts'

/** Of what a relay is asked about, with the two bytes before it. */
const targetBytesMax = 102
/** Of one name that a relay tells. */
const farAtOnceMax = 16
/** Who waits for somebody that this node was not told of asks the relay again. */
const askEveryMs = 2_000

export interface TargetResolverOptions {
  readonly clock: Clock
  readonly operations: Operations
  readonly requests: Requests
  /** Throws NOT_READY or CLOSED where there is none. */
  router(): Router
}

/** How a target is found: which kinds of nodes it may be (default: members), within the time of the operation (10 000 ms). */
export interface FindOptions extends OperationOptions {
  readonly kinds?: readonly PeerKind[] | undefined
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
  resolve(target: string, { signal, timeoutMs = requestTimeoutMs, kinds = ['member'] }: FindOptions = {}): Promise<string> {
    const router = this.#options.router()
    let undecided: MeshError | undefined
    return this.#options.operations.run<string>({
      signal,
      timeoutMs,
      timedOut: () => undecided ?? unresolved(target, timeoutMs),
      begin: (settle) => {
        if (typeof target !== 'string' || target === '') throw new MeshError('INVALID_OPTION', 'a target is an address or a name')
        let far: readonly string[] = []
        const look = (): void => {
          const known = [...router.routes(), ...[target, ...far].flatMap((address) => router.destination(address) ?? [])]
          const found = resolveName({ target, self: router.address, kinds }, known)
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
        const stopAsking = this.#askRelay(router, target, (addresses) => {
          far = addresses.filter((address) => !router.origin(address))
          look()
        })
        return () => {
          forget()
          stopAsking()
        }
      },
    })
  }

  /** As `resolve`, then `begin` with what is left of the time. */
  async withAddress<T>(target: string, options: FindOptions, begin: (address: string, left: TimeLeft) => Promise<T>): Promise<T> {
    const { clock } = this.#options
    const { signal, timeoutMs = requestTimeoutMs } = options
    const since = clock.now()
    const address = await this.resolve(target, options)
    return begin(address, { signal, timeoutMs: Math.max(1, Math.ceil(timeoutMs - (clock.now() - since))) })
  }

  /**
   * A leaf was not told of everybody in a large network (R14): asks the relay that knows more who is meant, again and again, and calls `heard`
   * with who is there.
   */
  #askRelay(router: Router, target: string, heard: (addresses: readonly string[]) => void): () => void {
    const { clock } = this.#options
    let over = false
    let stop = (): void => {}
    const ask = async (): Promise<void> => {
      stop = clock.setTimer(askEveryMs, () => void ask())
      const members = await this.farMembers(target)
      if (!over && members.length > 0) heard(members)
    }
    const known = target === router.address || router.destination(target) !== undefined || router.routes().some(isCalled(target))
    if (!known) void ask()
    return () => {
      over = true
      stop()
    }
  }

  /**
   * The members of that address, `who` or name of whom a relay knows and did not tell; none where nobody knows more. Never rejects.
   * The record of one that is new is asked for on the way, and is here when the relay answers once more.
   */
  async farMembers(target: string): Promise<readonly string[]> {
    const bytes = new TextEncoder().encode(`0 ${target}`)
    if (bytes.length > targetBytesMax) return []
    let known: FarMember[] = []
    try {
      const router = this.#options.router()
      for (let times = 0; times < 2; times += 1) {
        const relay = router.wiserRelay
        if (relay === undefined) break
        const asking = { targets: [relay], service: routesService, bytes, timeoutMs: askEveryMs }
        const rows = farMembersOf((await this.#options.requests.send(router, asking)).json(), router.address)
        known = rows.filter((row) => router.noteFar(row))
        if (known.length === rows.length) break
      }
    } catch {
      // Whoever asks hears in words of its own that nobody was found.
    }
    return known.map(({ address }) => address)
  }
}

/** A relay's answer about a route; what is no row of a member is left out. */
function farMembersOf(said: unknown, self: string): FarMember[] {
  const { routes } = (said ?? {}) as { routes?: unknown }
  if (!Array.isArray(routes)) return []
  const rows = routes.slice(0, farAtOnceMax).flatMap((row: unknown) => readFarMember(row) ?? [])
  return rows.filter(({ address }) => address !== self)
}
