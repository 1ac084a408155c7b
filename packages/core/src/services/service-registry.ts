import { utf8Length } from '../bytes/utf8-length.ts'
import { checkOptions } from '../errors/known-options.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Address } from '../identity/address.ts'
import { GuardedEvents, type Listener, type ListenOptions } from '../async/guarded-events.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { operationOptions, refusedOptions, type OperationOptions, type Operations } from '../async/operations.ts'
import { serviceNameBytesMax, servicesMax } from '../identity/record-bounds.ts'
import type { Router } from '../routing/router.ts'
import type { Answering } from '../calls/answered-calls.ts'
import { answering, encodeReturned } from '../calls/packet-answers.ts'
import { loadFromWire, loadToWire } from './load.ts'
import type { RelayedServices, SeekOptions } from './relayed-services.ts'
import { byPreference, type ServiceListing } from './service-listing.ts'
import { reported } from '../calls/reported-handler.ts'
import type { RequestHandler } from '../calls/request.ts'
import { requestTimeoutMs } from '../calls/requests.ts'

/** What happened to one service at one node. */
export interface ServiceChange {
  readonly service: string
  readonly address: Address
  /** 0 … 1; of a service that went down the last that was known. */
  readonly load: number
}

/** What `mesh.services.on` tells: a provider is there, its load moved, or it is there no more. */
export interface ServiceEvents {
  up: [change: ServiceChange]
  change: [change: ServiceChange]
  down: [change: ServiceChange]
}

/** Who waits for a service asks the relay again. */
const seekEveryMs = 2_000

const registerOptions: readonly string[] = ['load', 'plain'] satisfies (keyof RegisterOptions)[]

/** How a service is offered. */
export interface RegisterOptions {
  /** 0 (idle, the default) … 1 (full). Callers prefer the least. */
  load?: number | undefined
  /** May plain ALN nodes see and call it? Default true, in a network with a key false. */
  plain?: boolean | undefined
}

/** A service of this node while it is offered. */
export interface Registration {
  readonly service: string
  /**
   * 0 … 1; set it as often as you like. Others hear of a move by a quarter or more at once, though not twice within 2 s, and
   * of smaller ones within 10 s, so that what they know is never older. Throws INVALID_OPTION.
   */
  load: number
  /** Withdraws it. Idempotent. */
  close(): void
  [Symbol.dispose](): void
}

/** `mesh.services`: what can be called, here and elsewhere. */
export interface Services {
  /** Offers a service; before `ready` too. Throws INVALID_OPTION for a name that is taken or cannot be. */
  register(name: string, handler: RequestHandler, options?: RegisterOptions): Registration
  /**
   * Who offers what now (or who offers `name`), local providers included. Empty before `ready`. In a network of more than 500
   * members of those that this node was told of; `wait` and calls ask the relay for others, who stand in the list of `name` then.
   */
  list(name?: string): ServiceListing[]
  /** The first provider of `name`, as soon as there is one; TIMEOUT after `timeoutMs` (10 000). */
  wait(name: string, options?: OperationOptions): Promise<ServiceListing>
  /** Returns the function that unsubscribes. */
  on<K extends keyof ServiceEvents>(event: K, listener: Listener<ServiceEvents[K]>, options?: ListenOptions): () => void
  off<K extends keyof ServiceEvents>(event: K, listener: Listener<ServiceEvents[K]>): void
}

export interface ServiceRegistryOptions {
  readonly operations: Operations
  readonly log: Log
  readonly clock: Clock
  /** What relays know of whom this node was not told. */
  readonly relayed: RelayedServices
  report(error: MeshError): void
}

interface Entry {
  readonly handler: RequestHandler
  readonly plain: boolean | undefined
  load: number
}

export class ServiceRegistry implements Services {
  readonly #options: ServiceRegistryOptions
  readonly #events: GuardedEvents<ServiceEvents>
  readonly #local = new Map<string, Entry>()
  #router: Router | undefined

  constructor(options: ServiceRegistryOptions) {
    this.#options = options
    this.#events = new GuardedEvents<ServiceEvents>((error) => options.report(error))
  }

  /** Everything registered so far is offered from now on. */
  attach(router: Router): void {
    this.#router = router
    router.on('service', ({ service, address, load, state }) => {
      if (!service.startsWith('$')) this.#events.emit(state, { service, address: address as Address, load: loadFromWire(load) })
    })
    for (const [name, entry] of this.#local) this.#offer(router, name, entry)
  }

  /** For the calls of other members. */
  answering(): Answering {
    return {
      find: (name) => this.#local.get(name)?.handler,
      encode: encodeReturned,
      many: true,
      missing: 'NO_SERVICE',
      report: (error) => this.#options.report(error),
    }
  }

  register(name: string, handler: RequestHandler, options: RegisterOptions = {}): Registration {
    this.#check(name, handler)
    checkOptions(options, registerOptions)
    const heard = reported(`the handler of the service '${name}'`, handler, (error) => this.#options.report(error))
    const entry: Entry = { handler: heard, plain: options.plain, load: loadToWire(options.load ?? 0) }
    if (this.#router) this.#offer(this.#router, name, entry)
    this.#local.set(name, entry)
    return this.#registration(name, entry)
  }

  list(name?: string): ServiceListing[] {
    const router = this.#router
    if (!router) return []
    const known = router
      .services(name)
      .filter(({ service }) => !service.startsWith('$'))
      .map(({ service, address, load, hops, cost, kind, silent, knownMs, unchangedMs }) => ({
        service,
        address: address as Address,
        load: loadFromWire(load),
        hops,
        cost,
        kind,
        name: router.destination(address)?.name ?? '',
        silent,
        local: address === router.address,
        knownMs,
        unchangedMs,
      }))
    if (name === undefined) return known
    const addresses = new Set<string>(known.map(({ address }) => address))
    return [...known, ...this.#options.relayed.listings(name).filter(({ address }) => !addresses.has(address))]
  }

  /** Asks the relay where this node knows of no provider. Never rejects. Undefined: there is nothing to ask. */
  seek(name: string, options: SeekOptions = {}): Promise<void> | undefined {
    if (!this.#router || (options.all !== true && this.list(name).length > 0)) return undefined
    return this.#options.relayed.seek(this.#router, name, options)
  }

  /** The best provider, also one that only the relay knows. Never rejects. */
  async find(name: string): Promise<Address | undefined> {
    await this.seek(name)
    return byPreference(this.list(name))[0]?.address
  }

  wait(name: string, options: OperationOptions = {}): Promise<ServiceListing> {
    const refusal = refusedOptions(options, operationOptions)
    if (refusal) return refusal
    const { timeoutMs = requestTimeoutMs, signal } = options
    return this.#options.operations.run<ServiceListing>({
      signal,
      timeoutMs,
      timedOut: () => new MeshError('TIMEOUT', `nobody offered the service '${name}' within ${timeoutMs} ms`),
      begin: (settle) => {
        checkServiceName(name)
        const look = (): void => {
          const listing = byPreference(this.list(name))[0]
          if (listing) settle.resolve(listing)
        }
        look()
        const forget = this.#events.on('up', look)
        const stop = this.#seekAgain(name, look)
        return () => {
          forget()
          stop()
        }
      },
    })
  }

  on<K extends keyof ServiceEvents>(event: K, listener: Listener<ServiceEvents[K]>, options?: ListenOptions): () => void {
    return this.#events.on(event, listener, options)
  }

  off<K extends keyof ServiceEvents>(event: K, listener: Listener<ServiceEvents[K]>): void {
    this.#events.off(event, listener)
  }

  close(): void {
    this.#events.clear()
    this.#router = undefined
  }

  /** While somebody waits for a service that this node may not have been told of. */
  #seekAgain(name: string, look: () => void): () => void {
    let cancel = (): void => {}
    let over = false
    const seek = (): void => {
      this.seek(name)?.then(
        () => !over && look(),
        () => {},
      )
      cancel = this.#options.clock.setTimer(seekEveryMs, seek)
    }
    seek()
    return () => {
      over = true
      cancel()
    }
  }

  #check(name: unknown, handler: unknown): void {
    if (typeof name !== 'string' || name === '' || name.startsWith('$') || utf8Length(name) > serviceNameBytesMax) {
      throw new MeshError('INVALID_OPTION', `a service name is 1 to ${serviceNameBytesMax} bytes of text and does not start with '$'`)
    }
    if (typeof handler !== 'function') throw new MeshError('INVALID_OPTION', `the handler of the service '${name}' must be a function`)
    if (this.#local.has(name)) throw new MeshError('INVALID_OPTION', `the service '${name}' is registered already: close() it first`)
    if (this.#local.size >= servicesMax) throw new MeshError('QUEUE_FULL', `a node offers at most ${servicesMax} services`)
  }

  #offer(router: Router, name: string, entry: Entry): void {
    router.registerService(name, answering(router, entry.handler, this.#options.log), { load: entry.load, plain: entry.plain })
  }

  #registration(name: string, entry: Entry): Registration {
    const offered = (): boolean => this.#local.get(name) === entry
    const setLoad = (load: number): void => {
      entry.load = loadToWire(load)
      if (offered()) this.#router?.setServiceLoad(name, entry.load)
    }
    const close = (): void => {
      if (!offered()) return
      this.#local.delete(name)
      this.#router?.unregisterService(name)
    }
    return {
      service: name,
      get load(): number {
        return loadFromWire(entry.load)
      },
      set load(load: number) {
        setLoad(load)
      },
      close,
      [Symbol.dispose]: close,
    }
  }
}

/** Throws INVALID_OPTION: without a name a question would be about every service. */
export function checkServiceName(name: unknown): void {
  if (typeof name !== 'string' || name === '') throw new MeshError('INVALID_OPTION', 'the name of a service is a text of at least 1 byte')
}
