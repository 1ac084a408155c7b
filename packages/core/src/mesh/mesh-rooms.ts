import { DeviceLinks } from '../devices/device-pairing.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { isWeakKey, passphraseCharactersMin } from '../identity/network-key.ts'
import { NameClashes } from '../membership/name-clashes.ts'
import type { Peer } from '../membership/peer.ts'
import { Peers } from '../membership/peers.ts'
import { Broadcasts } from '../broadcast/broadcasts.ts'
import { Messages } from '../messages/messages.ts'
import type { Log } from '../ports/log.ts'
import { closedError, handled, Operations, type OperationOptions } from '../async/operations.ts'
import { answerQuestions } from '../introspection/answers.ts'
import { requestTimeoutMs, Requests } from '../calls/requests.ts'
import { contextOf, FunctionRoom } from '../functions/function-room.ts'
import type { FunctionContextOf } from '../functions/function-types.ts'
import { Calls } from '../calls/calls.ts'
import { RelayedServices } from '../services/relayed-services.ts'
import { ServiceCalls } from '../services/service-calls.ts'
import { ServiceRegistry } from '../services/service-registry.ts'
import { StreamRoom } from '../streams/stream-room.ts'
import { DirectLinks } from '../signaling/direct-links.ts'
import { LinkDegree } from '../signaling/link-degree.ts'
import { healthOf, type Health } from '../introspection/health.ts'
import type { Environment } from './environment.ts'
import type { MeshSettings } from './mesh-settings.ts'
import { Healing, type Healed } from './healing.ts'
import { latePart } from './late-part.ts'
import { Presence } from './presence.ts'
import { Readdressing } from './readdressing.ts'
import { RelayLinks } from './relay-links.ts'
import { Reports } from './reports.ts'
import { roomLog } from './room-log.ts'
import { startRouter, type StartedRouter } from './start-router.ts'
import { TargetResolver } from './target-resolver.ts'
import { Trouble } from './trouble.ts'

/** What exists only once the identity is loaded. */
export interface Started extends StartedRouter {
  readonly links: DirectLinks
  readonly degree: LinkDegree
}

/**
 * The rooms of one mesh and how they hang together: what routing says goes to the peers, the presence and the direct
 * links in this order, so that whoever is told something finds it in the tables.
 */
export class MeshRooms {
  readonly settings: MeshSettings
  readonly environment: Environment
  readonly operations: Operations
  readonly reports: Reports
  readonly targets: TargetResolver
  readonly peers: Peers
  readonly services: ServiceRegistry
  readonly requests: Requests
  readonly calls: Calls
  readonly serviceCalls: ServiceCalls
  readonly functions: FunctionRoom<FunctionContextOf<never>>
  readonly messages: Messages
  readonly broadcasts: Broadcasts
  readonly streams: StreamRoom<never>
  readonly relays: RelayLinks
  readonly bluetooth: DeviceLinks
  readonly serial: DeviceLinks
  /** The mesh that handlers are given, set by it before anything can arrive. It stands above these rooms, which can do nothing with it. */
  mesh!: never
  /** Called once, when it begins to close. */
  onClose: (() => void) | undefined
  readonly #log: Log
  readonly #presence: Presence
  readonly #trouble: Trouble
  readonly #healing: Healing
  readonly #readdressing: Readdressing
  #clashes: NameClashes | undefined
  #started: Started | undefined
  #starting: Promise<Started> | undefined
  /** What the environment was asked to call. */
  readonly #forgets: ((() => void) | undefined)[] = []
  #closing: Promise<void> | undefined

  constructor(settings: MeshSettings, environment: Environment) {
    const { clock, dice } = environment
    const log = roomLog(environment.log, settings.debug)
    const reports = new Reports({ clock, log, closing: () => this.#closing !== undefined })
    const report = (error: MeshError): void => reports.report(error)
    const operations = new Operations(clock)
    const requests = new Requests(operations)
    // What most rooms are given.
    const common = { clock, dice, log, operations, requests, report }
    this.settings = settings
    this.environment = environment
    this.#log = log
    this.operations = operations
    this.requests = requests
    this.reports = reports
    this.targets = new TargetResolver({ ...common, router: () => this.started.router })
    this.#trouble = new Trouble({ ...common, warn: (warning) => reports.warn(warning) })
    this.peers = new Peers({ clock, changed: (peer) => this.#peerChanged(peer) })
    this.services = new ServiceRegistry({ ...common, relayed: new RelayedServices(clock, requests) })
    this.calls = new Calls({
      ...common,
      whenStarted: (waiting, begin) => this.whenStarted(waiting, ({ router }) => begin(router)),
    })
    this.calls.serve('service', this.services.answering())
    this.serviceCalls = new ServiceCalls({ dice, calls: this.calls, services: this.services })
    this.functions = new FunctionRoom({ calls: this.calls, report, context: (request) => contextOf(this.mesh, request) })
    this.messages = new Messages({
      ...common,
      compression: environment.compression,
      resolve: (target, waiting) => this.targets.resolve(target, waiting),
      far: (who) => this.targets.farMembers(who),
      broadcast: (parts, about) => this.broadcasts.broadcast(parts, about),
      arrived: (message) => reports.events.emit('message', message),
      delivery: (delivery) => reports.events.emit('delivery', delivery),
      storeFailed: ({ message }) => reports.warn({ code: 'STORAGE_FAILED', message: `what is kept ends with this process: ${message}` }),
    })
    this.broadcasts = new Broadcasts({ ...common, messages: this.messages })
    this.streams = new StreamRoom<never>({
      ...common,
      mesh: () => this.mesh,
      load: () => latePart(environment, 'StreamTraffic'),
      reachable: (address, waiting) => this.targets.resolve(address, waiting),
    })
    this.relays = new RelayLinks({ environment, token: settings.token, changed: (status) => this.#trouble.relay(status) })
    this.bluetooth = this.#devices('bluetooth')
    this.serial = this.#devices('serial')
    this.#healing = new Healing({ clock, devices: [this.bluetooth, this.serial], relays: this.relays, started: () => this.#started })
    this.#readdressing = new Readdressing({ relays: this.relays, reports, closing: () => this.#closing !== undefined })
    this.#presence = new Presence({
      clock,
      online: (first) => reports.online(first),
      offline: () => reports.offline(),
      alone: () => reports.alone(settings.network, { keyed: settings.keys.length > 0, relays: this.relays.list() }),
    })
    for (const url of settings.relays) this.relays.add(url)
  }

  get started(): Started {
    if (this.#started) return this.#started
    throw this.#closing ? closedError() : new MeshError('NOT_READY', 'the mesh is not ready: await mesh.ready first')
  }

  get online(): boolean {
    return this.#presence.online
  }

  get health(): Health {
    return healthOf(this.#started?.router, {
      online: this.online,
      pending: this.operations.size,
      errors: this.reports.errors,
      stored: this.messages.outbox.storedCount,
    })
  }

  /** Loads the identity and opens the rooms. Called once. */
  async start(): Promise<void> {
    this.#starting = handled(this.#load())
    await this.operations.follow(this.#starting, { timeoutMs: Infinity })
  }

  /** Runs `begin` now, or as soon as the identity is loaded; settles in any case, and is never an unhandled rejection. */
  whenStarted<T>(options: OperationOptions, begin: (started: Started) => Promise<T>): Promise<T> {
    const started = this.#started
    if (this.#closing) return handled(Promise.reject(closedError()))
    if (started) return handled(begin(started))
    const { signal, timeoutMs = requestTimeoutMs } = options
    const starting = this.#starting ?? Promise.reject(closedError())
    const timedOut = (): MeshError => new MeshError('TIMEOUT', `the identity was not loaded within ${timeoutMs} ms`)
    return handled(this.operations.follow(starting, { signal, timeoutMs, timedOut }).then(begin))
  }

  async heal(): Promise<Healed> {
    return this.operations.follow(this.#healing.heal(), { timeoutMs: Infinity })
  }

  close(): Promise<void> {
    this.#closing ??= handled(this.#close())
    return this.#closing
  }

  async #load(): Promise<Started> {
    const { peers, services, messages, relays } = this
    const base = await startRouter(this.settings, this.environment, this.#log)
    await this.broadcasts.recall(base.router, base.store)
    if (this.#closing) {
      base.sealed.close()
      await base.router.close()
      throw closedError()
    }
    const { router, dialers } = base
    const { clock, dice } = this.environment
    const links = new DirectLinks(router, {
      clock,
      dice,
      dialers,
      log: this.#log,
      operations: this.operations,
      accept: this.settings.accept,
      find: (address) => this.targets.resolve(address),
    })
    const degree = new LinkDegree({ clock, dice, router, links, degree: this.settings.degree })
    this.#started = { ...base, links, degree }
    this.#clashes = new NameClashes({
      who: base.who,
      name: this.settings.name,
      isSilent: (address) => router.destination(address)?.silent === true,
    })
    const resumed = messages.attach(router, base.store)
    for (const room of [peers, services, this.calls, this.broadcasts, this.#presence]) room.attach(router)
    this.streams.attach(base.sealed, base.crypto)
    base.sealed.findProviders((service) => services.find(service))
    const { name, network, questions: mayAsk } = this.settings
    const namesSealed = base.keyring !== undefined
    answerQuestions(router, { kind: 'member', name, network, namesSealed, clock, peers, mayAsk, functions: () => this.functions.list() })
    router.on('destination', ({ address }) => this.#refresh(address, this.started))
    router.on('notice', ({ code, text, from }) => this.#trouble.notice(code, `${text} (told by ${from})`))
    router.on('fault', (fault) => this.#trouble.fault(fault))
    router.on('lost', () => this.#healing.lost())
    router.on('contested', () => void this.#readdressing.begin(this.started))
    const { onLeave, onHidden } = this.environment
    this.#forgets.push(
      onLeave?.(() => router.leave()),
      onHidden?.((hidden) => router.setReluctant(hidden)),
    )
    for (const dialing of [relays, this.bluetooth, this.serial]) dialing.attach(router)
    clock.soon(() => this.#warnOfSettings())
    await resumed
    return this.#started
  }

  #devices(medium: 'bluetooth' | 'serial'): DeviceLinks {
    const { clock, dice, deviceDialers } = this.environment
    const dialer = deviceDialers?.find((one) => one.medium === medium)
    return new DeviceLinks({
      medium,
      dialer,
      clock,
      dice,
      log: this.#log,
      operations: this.operations,
      peer: (address) => this.peers.peer(address),
      load: () => latePart(this.environment, 'DeviceLink'),
    })
  }

  /** Ends every link of ours to that one, and forgets it when it is a device. */
  async disconnect(target: string): Promise<void> {
    await Promise.all([this.bluetooth, this.serial].map((devices) => devices.disconnect(target)))
    const router = this.#started?.router
    const links = router?.links().filter(({ peer }) => peer?.address === target) ?? []
    for (const link of links) router?.retire(link, 'disconnected here')
    await Promise.all(links.map(({ down }) => down))
  }

  #refresh(address: string, { links, degree }: Started): void {
    if (this.#closing) return
    this.peers.refresh(address)
    this.#presence.refresh(address)
    links.refresh(address)
    degree.nudge(address)
  }

  async #close(): Promise<void> {
    const started = this.#started
    this.onClose?.()
    for (const forget of this.#forgets) forget?.()
    this.calls.close()
    // Who waits for an answer hears that there is none, and streams only break off: those that can be taken up again are not over.
    started?.sealed.flush()
    this.operations.close()
    // While the links stand: everybody shall hear it, not only who notices that they end; and first those who are in the middle of something.
    this.streams.close()
    started?.sealed.close()
    started?.router.leave()
    // What is kept as delivered is handed out while somebody listens.
    this.broadcasts.close()
    this.reports.events.clear()
    this.messages.close()
    this.services.close()
    started?.degree.close()
    started?.links.close()
    for (const dialing of [this.relays, this.bluetooth, this.serial]) dialing.close()
    this.#presence.close()
    this.peers.close()
    try {
      await started?.router.close()
    } finally {
      this.environment.dispose?.()
    }
  }

  #peerChanged(peer: Peer): void {
    this.reports.peer(peer)
    const clash = this.#clashes?.look(peer, this.peers.values())
    if (!clash) return
    this.reports.warn({ code: 'NAME_CLASH', message: `more than one member is called '${peer.name}': ${clash.slice(0, 4).join(', ')}` })
  }

  /** What was found before anybody could be told. */
  #warnOfSettings(): void {
    const { reports, environment, settings } = this
    for (const warning of environment.warnings) reports.warn(warning)
    if (settings.keys.some(isWeakKey)) {
      reports.warn({
        code: 'WEAK_KEY',
        message: `the key is a passphrase of fewer than ${passphraseCharactersMin} characters: it can be guessed`,
      })
    }
  }
}
