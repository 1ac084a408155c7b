import { Backoff } from '../async/backoff.ts'
import { deferred } from '../async/deferred.ts'
import { describeThrown, type Operations, type Settle } from '../async/operations.ts'
import type { Channel } from '../channel/channel.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Address } from '../identity/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Router, RouterLink } from '../routing/router.ts'
import { claimFault } from './device-claims.ts'
import type { Device } from './device-dialer.ts'

/** A device as it is at one moment. */
export interface DeviceState {
  readonly id: string
  /** What it calls itself to the environment. Text of a stranger: never markup. */
  readonly name: string
  /** What it calls itself in the mesh, once it said so; kept while it is away. */
  readonly address: Address | undefined
  /** `waiting`: it was lost or did not answer, the next try comes within 15 s. */
  readonly state: 'connecting' | 'online' | 'waiting'
  /** Why the last try failed. */
  readonly error: MeshError | undefined
}

export interface DeviceLinkOptions {
  readonly device: Device
  /** It was paired before: it is tried again also when the first try fails. */
  readonly paired: boolean
  readonly clock: Clock
  readonly dice: Dice
  readonly operations: Operations
  /** The first try failed, or nobody waits for it any more. */
  abandoned(link: DeviceLink): void
}

/** GATT on a phone takes seconds to connect and to discover. */
const openTimeoutMs = 15_000
/** From the channel to the address: the stock sketch answers a query at once, and says its name every two seconds anyhow. */
const namedTimeoutMs = 10_000
/** A link that lived this long was a good one: the next break starts with the shortest wait again. */
const provenMs = 10_000
const waits = { firstMs: 500, mostMs: 15_000 }

/** The link to one device over its whole life: open, greet, live, wait, open again. */
export class DeviceLink {
  readonly #options: DeviceLinkOptions
  readonly #backoff: Backoff
  readonly #waiters = new Set<Settle<string>>()
  #status: DeviceState
  #paired: boolean
  #router: Router | undefined
  #opening: AbortController | undefined
  #link: RouterLink | undefined
  /** Why the device was refused, which a link tells as a line of text only. */
  #refusal: MeshError | undefined
  #cancelTimer: (() => void) | undefined
  #closed = false

  constructor(options: DeviceLinkOptions) {
    const { device, dice, paired } = options
    this.#options = options
    this.#paired = paired
    this.#backoff = new Backoff(dice, waits)
    this.#status = { id: device.id, name: device.name, address: undefined, state: 'connecting', error: undefined }
  }

  get status(): DeviceState {
    return this.#status
  }

  get device(): Device {
    return this.#options.device
  }

  start(router: Router): void {
    if (this.#router || this.#closed) return
    this.#router = router
    void this.#live(router)
  }

  /** Settles with the address, or with why this try failed. A device that waits is tried at once. */
  await(settle: Settle<string>): () => void {
    const { state, address } = this.#status
    if (state === 'online' && address) {
      settle.resolve(address)
      return () => {}
    }
    this.#waiters.add(settle)
    if (state === 'waiting' && this.#router) {
      this.#cancelTimer?.()
      void this.#live(this.#router)
    }
    return () => {
      this.#waiters.delete(settle)
      this.#abandon()
    }
  }

  /** A device that waits is tried at once. Resolves when the try has come to something; undefined: there is nothing to try. */
  hurry(): Promise<void> | undefined {
    if (this.#closed || !this.#router || this.#status.state === 'online') return undefined
    const tried = deferred<void>()
    const settle = (): void => tried.resolve()
    this.await({ resolve: settle, reject: settle })
    return tried.promise
  }

  /** Resolves when its link has ended. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const error = new MeshError('CLOSED', 'the device was disconnected')
    this.#cancelTimer?.()
    this.#opening?.abort(error)
    this.#tellWaiters((waiter) => waiter.reject(error))
    this.#link?.close('the device was disconnected here')
    await this.#link?.down
  }

  async #live(router: Router): Promise<void> {
    const { clock } = this.#options
    this.#status = { ...this.#status, state: 'connecting' }
    this.#refusal = undefined
    try {
      const link = router.addChannel(await this.#open(), { admit: (address) => this.#admit(address, router) })
      this.#link = link
      const address = await this.#named(router, link)
      const since = clock.now()
      this.#online(address)
      const why = await link.down
      if (clock.now() - since >= provenMs) this.#backoff.reset()
      this.#failed(this.#refusal ?? new MeshError('LINK_FAILED', `the link with ${this.#status.name} broke: ${why}`))
    } catch (error) {
      const shown = error instanceof MeshError ? error : new MeshError('LINK_FAILED', describeThrown(error), { cause: error })
      this.#failed(this.#refusal ?? shown)
    }
  }

  /** The channel, or the error of the device, or TIMEOUT: also when it heeds no signal. */
  async #open(): Promise<Channel> {
    const { device, operations } = this.#options
    const controller = new AbortController()
    const { signal } = controller
    this.#opening = controller
    const opening = device.open(signal)
    try {
      const timedOut = (): MeshError => new MeshError('TIMEOUT', `${device.name} could not be opened within ${openTimeoutMs} ms`)
      const channel = await operations.follow(opening, { signal, timeoutMs: openTimeoutMs, timedOut })
      if (!this.#closed) return channel
      throw new MeshError('CLOSED', 'the device is not wanted any more')
    } catch (error) {
      controller.abort(error)
      opening.then(
        (channel) => channel.close('opened too late'),
        () => {},
      )
      throw error
    }
  }

  /** The address that the device says, as soon as the router lists it. */
  #named(router: Router, link: RouterLink): Promise<string> {
    const { operations, device } = this.#options
    return operations.run<string>({
      timeoutMs: namedTimeoutMs,
      timedOut: () => new MeshError('TIMEOUT', `${device.name} did not say an address within ${namedTimeoutMs} ms: it may not speak ALN`),
      begin: (settle) => {
        const look = (): void => {
          const address = link.peer?.address || router.addressesBehind(link)[0]
          if (address && router.destination(address)) settle.resolve(address)
        }
        const broke = (why: string): void =>
          settle.reject(new MeshError('LINK_FAILED', `the link with ${device.name} broke at once: ${why}`))
        link.up.then(look, settle.reject)
        link.down.then(broke, () => {})
        return router.on('destination', look)
      },
    })
  }

  #admit(address: string, router: Router): MeshError | undefined {
    this.#refusal = claimFault(address, router, this.#link)
    return this.#refusal
  }

  #online(address: string): void {
    if (this.#closed) return
    this.#paired = true
    this.#status = { ...this.#status, state: 'online', address: address as Address, error: undefined }
    this.#tellWaiters((waiter) => waiter.resolve(address))
  }

  #failed(error: MeshError): void {
    this.#link?.close(error.message)
    this.#link = undefined
    if (this.#closed || !this.#router) return
    const router = this.#router
    this.#status = { ...this.#status, state: 'waiting', error }
    this.#cancelTimer = this.#options.clock.setTimer(this.#backoff.next(), () => void this.#live(router))
    this.#tellWaiters((waiter) => waiter.reject(error))
    this.#abandon()
  }

  #tellWaiters(tell: (waiter: Settle<string>) => void): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const waiter of waiters) tell(waiter)
  }

  /** A device that has never answered is not pursued once nobody waits for it. */
  #abandon(): void {
    if (this.#paired || this.#closed || this.#waiters.size > 0) return
    this.#options.abandoned(this)
  }
}
