import { handled, refusedOptions, type Operations, type Settle } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Peer } from '../membership/peer.ts'
import type { Clock } from '../ports/clock.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import type { Router } from '../routing/router.ts'
import type { Device, DeviceDialer, PairOptions } from './device-dialer.ts'
import type { DeviceLink, DeviceState } from './device-link.ts'

/** Devices of one medium at one node. A radio holds about seven links; more than this is a mistake. */
export const devicesMax = 32

/**
 * `mesh.bluetooth`, `mesh.serial`: devices beside this node that speak ALN. Each becomes a peer that everybody sees, and
 * is connected again by itself when it was lost, until `disconnect`.
 */
export interface DevicePairing {
  /** Every device that is paired or being paired, as it is now. */
  readonly devices: readonly DeviceState[]
  /**
   * Lets a person choose a device, inside a click, and resolves as soon as it is a peer. Rejects with NO_BLUETOOTH or
   * NO_SERIAL, PAIRING_DISMISSED, LINK_FAILED, TIMEOUT (it says no address), IDENTITY_IN_USE or PLAIN_REFUSED (it says one
   * that is not its own), BUSY (32 devices), INVALID_OPTION, ABORTED or CLOSED. A device that was paired before is tried on.
   */
  pair(options?: PairOptions): Promise<Peer>
  /** Ends the link and forgets the device; `device` is its id or its address. Nothing happens when there is none. */
  disconnect(device: string): Promise<void>
}

export interface DeviceLinksOptions {
  readonly medium: 'bluetooth' | 'serial'
  /** Absent: this environment has none. */
  readonly dialer: DeviceDialer | undefined
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  readonly operations: Operations
  peer(address: string): Peer | undefined
  /** Asked for with the first device. */
  load(): Awaitable<typeof DeviceLink>
}

const pairOptions: readonly string[] = ['filters', 'signal'] satisfies (keyof PairOptions)[]
const missing = {
  bluetooth: {
    code: 'NO_BLUETOOTH',
    why: 'there is no Web Bluetooth here: pair from a web page in Chrome or Edge, on https:// or localhost',
  },
  serial: {
    code: 'NO_SERIAL',
    why: 'there is no Web Serial here: pair from a web page in Chrome or Edge on a computer, on https:// or localhost',
  },
} as const

/** A link to each device of one medium, and another one when it breaks. */
export class DeviceLinks implements DevicePairing {
  readonly #options: DeviceLinksOptions
  readonly #links = new Map<string, DeviceLink>()
  /** Once it is loaded. */
  #Link: typeof DeviceLink | undefined
  #router: Router | undefined
  #closed = false

  constructor(options: DeviceLinksOptions) {
    this.#options = options
  }

  get devices(): readonly DeviceState[] {
    return Array.from(this.#links.values(), ({ status }) => status)
  }

  pair(options: PairOptions = {}): Promise<Peer> {
    const refusal = refusedOptions(options, pairOptions)
    if (refusal) return refusal
    const { medium, dialer, operations } = this.#options
    if (!dialer) return handled(Promise.reject(new MeshError(missing[medium].code, missing[medium].why)))
    return operations.run<Peer>({
      signal: options.signal,
      timeoutMs: Infinity,
      begin: (settle) => {
        let over = false
        let stop = (): void => {}
        dialer
          .choose(options)
          .then(async (device) => {
            await this.#load()
            if (!over) stop = this.#pursue(device, settle)
          })
          .catch((error: unknown) => settle.reject(error instanceof MeshError ? error : unknownFailure(error)))
        return () => {
          over = true
          stop()
        }
      },
    })
  }

  async disconnect(device: string): Promise<void> {
    const link = this.#find(device)
    if (!link) return
    this.#links.delete(link.status.id)
    await link.close()
    try {
      await link.device.forget?.()
    } catch (error) {
      this.#options.log.write(3, 'devices', `${link.status.name} could not be forgotten`, error)
    }
  }

  attach(router: Router): void {
    this.#router = router
    for (const link of this.#links.values()) link.start(router)
    void this.#recall()
  }

  /** Tries those that are not online at once, and waits for none of them. */
  hurry(): Promise<void>[] {
    return Array.from(this.#links.values(), (link) => link.hurry()).filter((tried) => tried !== undefined)
  }

  close(): void {
    this.#closed = true
    for (const link of this.#links.values()) void link.close()
    this.#links.clear()
    this.#router = undefined
  }

  #find(device: string): DeviceLink | undefined {
    return this.#links.get(device) ?? [...this.#links.values()].find(({ status }) => status.address === device)
  }

  /** What was paired before the page was loaded. */
  async #recall(): Promise<void> {
    try {
      const devices = (await this.#options.dialer?.remembered?.()) ?? []
      if (devices.length > 0) await this.#load()
      for (const device of devices) this.#link(device, true)
    } catch (error) {
      this.#options.log.write(3, 'devices', `the ${this.#options.medium} devices of before are not known`, error)
    }
  }

  async #load(): Promise<void> {
    this.#Link ??= await this.#options.load()
  }

  #pursue(device: Device, settle: Settle<Peer>): () => void {
    const link = this.#link(device, false)
    if (!link) {
      settle.reject(new MeshError('BUSY', `a node keeps at most ${devicesMax} ${this.#options.medium} devices`))
      return () => {}
    }
    return link.await({
      reject: settle.reject,
      resolve: (address) => {
        const peer = this.#options.peer(address)
        if (peer) settle.resolve(peer)
        else settle.reject(new MeshError('LINK_FAILED', `the link with ${device.name} broke at once`))
      },
    })
  }

  #link(device: Device, paired: boolean): DeviceLink | undefined {
    const known = this.#links.get(device.id)
    if (known || this.#closed || !this.#Link || this.#links.size >= devicesMax) return known
    const { clock, dice, operations } = this.#options
    const abandoned = (link: DeviceLink): void => {
      void link.close()
      if (this.#links.get(device.id) === link) this.#links.delete(device.id)
    }
    const link = new this.#Link({ device, paired, clock, dice, operations, abandoned })
    this.#links.set(device.id, link)
    if (this.#router) link.start(this.#router)
    return link
  }
}

function unknownFailure(error: unknown): MeshError {
  return new MeshError('LINK_FAILED', `the chooser failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
}
