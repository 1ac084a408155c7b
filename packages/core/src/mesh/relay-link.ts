import type { Channel } from '../channel/channel.ts'
import { MeshError, type MeshErrorCode } from '../errors/mesh-error.ts'
import type { Address } from '../identity/address.ts'
import type { Backoff } from '../async/backoff.ts'
import { deferred, type Deferred } from '../async/deferred.ts'
import type { Clock } from '../ports/clock.ts'
import { describeThrown } from '../async/operations.ts'
import type { Router, RouterLink } from '../routing/router.ts'

/** How it stands with one relay. */
export interface RelayStatus {
  readonly url: string
  /**
   * - `idle`: the mesh is not ready yet. `connecting`: dialing or greeting. `online`: the link is up.
   * - `waiting`: it failed or broke, the next try comes within seconds. `refused`: it said no; tried again after half a minute.
   */
  readonly state: 'idle' | 'connecting' | 'online' | 'waiting' | 'refused'
  /** Of the relay, while online. */
  readonly address: Address | undefined
  /** Why the last try failed. */
  readonly error: MeshError | undefined
}

export interface RelayLinkOptions {
  readonly url: string
  readonly clock: Clock
  readonly backoff: Backoff
  readonly token: (() => Promise<string>) | undefined
  dial(signal: AbortSignal): Promise<Channel>
  changed(status: RelayStatus): void
}

/** A link that lived this long was a good one: the next break starts with the shortest wait again. */
const provenMs = 10_000
const dialTimeoutMs = 10_000
/** Nothing changes soon about another network or version. */
const refusedRetryMs = 30_000
const refusals: readonly MeshErrorCode[] = [
  'NETWORK_MISMATCH',
  'NETWORK_KEY_MISMATCH',
  'VERSION_MISMATCH',
  'TOKEN_REQUIRED',
  'TOKEN_EXPIRED',
  'TOKEN_REFUSED',
  'PLAIN_REFUSED',
  'IDENTITY_IN_USE',
  'INVALID_OPTION',
]

/** The link to one relay over its whole life: dial, greet, live, wait, dial again. */
export class RelayLink {
  readonly #options: RelayLinkOptions
  #status: RelayStatus
  #router: Router | undefined
  #dialing: AbortController | undefined
  #link: RouterLink | undefined
  #cancelTimer: (() => void) | undefined
  /** Resolves when the try under way has come to something. */
  #tried: Deferred<void> | undefined
  #closed = false

  constructor(options: RelayLinkOptions) {
    this.#options = options
    this.#status = { url: options.url, state: 'idle', address: undefined, error: undefined }
  }

  get status(): RelayStatus {
    return this.#status
  }

  start(router: Router): void {
    this.#router = router
    void this.#live(router)
  }

  /**
   * Tries at once instead of waiting, one that refused only if `refused`. The promise resolves when the try has come to
   * something; undefined: there is nothing to try.
   */
  hurry({ refused }: { refused: boolean }): Promise<void> | undefined {
    const { state } = this.#status
    if (this.#closed || !this.#router || state === 'online' || (state === 'refused' && !refused)) return undefined
    if (state !== 'connecting') {
      this.#cancelTimer?.()
      this.#options.backoff.reset()
      void this.#live(this.#router)
    }
    return this.#tried?.promise
  }

  /** With a router, the link ends when other ways had time to be found. */
  close(retires?: Router): void {
    this.#closed = true
    this.#tried?.resolve()
    this.#cancelTimer?.()
    this.#dialing?.abort(new MeshError('CLOSED', 'the relay is not wanted any more'))
    const why = 'the relay is not wanted any more'
    if (retires && this.#link) retires.retire(this.#link, why)
    else this.#link?.close(why)
  }

  async #live(router: Router): Promise<void> {
    const { clock, backoff } = this.#options
    this.#tried = deferred()
    this.#tell({ state: 'connecting' })
    try {
      const link = router.addChannel(await this.#dial(), { toRelay: true, token: this.#options.token })
      this.#link = link
      const peer = await link.up
      const since = clock.now()
      this.#tell({ state: 'online', address: peer.address as Address, error: undefined })
      const why = await link.down
      if (clock.now() - since >= provenMs) backoff.reset()
      this.#retry(new MeshError('LINK_FAILED', `the link broke: ${why}`))
    } catch (error) {
      this.#retry(error instanceof MeshError ? error : new MeshError('RELAY_UNREACHABLE', describeThrown(error), { cause: error }))
    }
  }

  /** The channel, or the error of the dialer, or TIMEOUT: also when the dialer heeds no signal. */
  #dial(): Promise<Channel> {
    const { clock, dial, url } = this.#options
    const controller = new AbortController()
    this.#dialing = controller
    return new Promise<Channel>((resolve, reject) => {
      let over = false
      const finish = (settle: () => void): void => {
        if (over) return
        over = true
        stopTimer()
        settle()
      }
      const stopTimer = clock.setTimer(dialTimeoutMs, () => {
        const error = new MeshError('RELAY_UNREACHABLE', `${url} did not answer within ${dialTimeoutMs} ms`)
        finish(() => reject(error))
        controller.abort(error)
      })
      const aborted = (): void => finish(() => reject(new MeshError('CLOSED', 'the relay is not wanted any more')))
      controller.signal.addEventListener('abort', aborted, { once: true })
      dial(controller.signal).then(
        (channel) => {
          if (over) channel.close('dialed too late')
          else finish(() => resolve(channel))
        },
        (error: unknown) => finish(() => reject(error)),
      )
    })
  }

  #retry(error: MeshError): void {
    this.#link = undefined
    if (this.#closed || !this.#router) return
    const refused = refusals.includes(error.code)
    const router = this.#router
    this.#cancelTimer = this.#options.clock.setTimer(refused ? refusedRetryMs : this.#options.backoff.next(), () => void this.#live(router))
    this.#tell({ state: refused ? 'refused' : 'waiting', address: undefined, error })
  }

  #tell(change: Partial<RelayStatus>): void {
    if (this.#closed) return
    this.#status = { ...this.#status, ...change }
    if (change.state !== 'connecting') this.#tried?.resolve()
    this.#options.changed(this.#status)
  }
}
