// Whole meshes: relays and members that come, go and sleep, direct links made over signals, calls and broadcasts in
// between, random faults; at the end all is healed and each member must reach each other one. Code of a mesh awaits, so
// this world lets promises settle between moments.

import { MeshError } from '../../errors/mesh-error.ts'
import { createMesh } from '../../mesh/create-mesh.ts'
import type { Mesh } from '../../mesh/mesh.ts'
import type { SeededDice } from '../seeded-dice.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { endAndReturn } from './end-and-return.ts'
import { ScenarioFailure } from './scenario-outcome.ts'
import type { ScenarioOutcome } from './scenario-outcome.ts'
import { simEnvironment, simUrl } from './sim-environment.ts'
import { drawFaultKinds, injectFault } from './sim-faults.ts'
import { SimWorld } from './sim-world.ts'

/** What the dice would else decide. */
export interface MeshScenarioOptions {
  readonly membersMax?: number | undefined
  readonly faultsMax?: number | undefined
  /** One of the members begins with a copy of another one's profile: both have one address. Default false. */
  readonly twins?: boolean | undefined
  /** How long everybody has to find everybody after the last fault. Default 120 000. */
  readonly healingMs?: number | undefined
  /** As of the virtual clock. */
  readonly settle?: (() => Promise<void>) | undefined
}

/** Rejects with a ScenarioFailure. */
export function runMeshScenario(seed: number, options: MeshScenarioOptions = {}): Promise<ScenarioOutcome> {
  return new MeshScenario(seed, options).run()
}

interface Member {
  readonly name: string
  readonly mesh: Mesh
  /** Texts of broadcasts, to find what came twice. */
  readonly heard: Set<string>
}

class MeshScenario {
  readonly #seed: number
  readonly #world: SimWorld
  readonly #dice: SeededDice
  readonly #options: MeshScenarioOptions
  readonly #relays: string[] = []
  readonly #names: string[] = []
  readonly #members = new Map<string, Member>()
  /** Calls that have not settled, by what they are. */
  readonly #pending = new Map<string, Member>()
  readonly #arrivedAnywhere = new Set<string>()
  readonly #broken: string[] = []
  #routeChanges = 0
  #calls = 0
  #answers = 0
  #broadcasts = 0
  #letters = 0

  constructor(seed: number, options: MeshScenarioOptions) {
    this.#seed = seed
    this.#options = options
    this.#world = new SimWorld(seed, { clock: new VirtualClock({ settle: options.settle }) })
    this.#dice = this.#world.network.dice.fork('scenario')
    for (let relay = this.#dice.between(1, 3); relay > 0; relay -= 1) this.#relays.push(`relay${relay}`)
    for (let member = this.#dice.between(2, options.membersMax ?? 6); member > 0; member -= 1) this.#names.push(`member${member}`)
    if (options.twins === true) {
      this.#world.copies.set('twin', this.#dice.pick(this.#names))
      this.#names.push('twin')
    }
    const directShare = this.#dice.random()
    this.#world.mayBeDirect = (one, other) => this.#world.network.dice.fork([one, other].toSorted().join()).chance(directShare)
  }

  async run(): Promise<ScenarioOutcome> {
    const { network } = this.#world
    for (const name of this.#relays) this.#startRelay(name)
    for (const name of this.#names) this.#startMember(name)
    await this.#runFor(this.#dice.between(0, 10_000))
    const faults = this.#dice.between(3, this.#options.faultsMax ?? 15)
    const kinds = drawFaultKinds(this.#dice)
    const targets = {
      nodes: [...this.#relays, ...this.#names],
      pairs: this.#pairs(),
      restart: (name: string, told: boolean) => this.#restart(name, told),
    }
    for (let fault = 0; fault < faults; fault += 1) {
      network.note(injectFault(network, this.#dice, kinds, targets))
      for (let act = this.#dice.between(0, 4); act > 0; act -= 1) this.#act()
      await this.#runFor(this.#dice.between(1, this.#dice.chance(0.2) ? 60_000 : 3_000))
    }
    await this.#healAndCheck()
    return {
      seed: this.#seed,
      digest: network.digest(),
      deliveries: network.deliveries,
      routeChanges: this.#routeChanges,
      faults,
      calls: this.#calls,
      answers: this.#answers,
      virtualMs: network.clock.now(),
    }
  }

  #pairs(): (readonly [string, string])[] {
    const pairs: (readonly [string, string])[] = []
    for (const [index, one] of this.#names.entries()) {
      for (const other of [...this.#relays, ...this.#names.slice(index + 1)]) pairs.push([one, other])
    }
    return pairs
  }

  #startRelay(name: string): void {
    this.#world.startRelay(name)
  }

  #startMember(name: string): void {
    const { network } = this.#world
    const mesh = createMesh({ name, relays: this.#relays.map(simUrl) }, simEnvironment(this.#world, name))
    const member: Member = { name, mesh, heard: new Set() }
    this.#members.set(name, member)
    mesh.services.register(`echo-${name}`, (request) => request.bytes)
    mesh.on('peer', (peer) => {
      this.#routeChanges += 1
      network.note(`${name}: ${peer.address} ${peer.state} ${peer.direct ? 'direct' : `${peer.hops} hops`}`)
    })
    mesh.on('error', (error) => this.#broken.push(`${name} reports ${error.code}: ${error.message}`))
    mesh.on('message', (message) => {
      const text = message.parts[0] as string
      this.#arrivedAnywhere.add(`${this.#profileOf(name)} ${text}`)
      if (member.heard.has(text)) this.#broken.push(`${name} heard '${text}' twice`)
      member.heard.add(text)
    })
  }

  #restart(name: string, told: boolean): void {
    const { network } = this.#world
    if (network.running(name) === undefined) return
    const member = this.#members.get(name)
    const politely = told && this.#dice.chance(0.3)
    this.#members.delete(name)
    endAndReturn(network, name, {
      told,
      leaving: politely ? member?.mesh : undefined,
      awayMs: this.#dice.between(5_000, 30_000),
      start: () => (this.#relays.includes(name) ? this.#startRelay(name) : this.#startMember(name)),
    })
  }

  /** One thing that an app might do. */
  #act(): void {
    const members = [...this.#members.values()]
    if (members.length === 0) return
    const member = this.#dice.pick(members)
    if (this.#dice.chance(0.3)) this.#broadcast(member)
    else {
      const other = this.#dice.pick(this.#names)
      if (other === member.name) return
      if (this.#dice.chance(0.3)) this.#send(member, other)
      else void this.#call(member, other)
    }
  }

  /** Settles always; with the echo, or the error as text. */
  #call(member: Member, other: string): Promise<string> {
    this.#calls += 1
    const body = `${member.name} to ${other} ${this.#calls}`
    this.#pending.set(body, member)
    return member.mesh.call(`echo-${other}`, body).then(
      (reply) => {
        this.#pending.delete(body)
        this.#answers += 1
        if (reply.text() !== body) this.#broken.push(`the answer to '${body}' is '${reply.text()}'`)
        return ''
      },
      (error: unknown) => {
        this.#pending.delete(body)
        if (error instanceof MeshError) return `${error.code} ${error.message}`
        this.#broken.push(`'${body}' rejected with something else: ${String(error)}`)
        return String(error)
      },
    )
  }

  /** 'delivered' is a promise: the library there has it. */
  #send(member: Member, other: string): void {
    this.#letters += 1
    const text = `letter ${this.#letters}`
    member.mesh.send(this.#addressOf(other), text).then(
      ({ state }) => {
        if (state === 'delivered' && !this.#arrivedAnywhere.has(`${this.#profileOf(other)} ${text}`))
          this.#broken.push(`'${text}' to ${other} was called delivered and is not`)
      },
      (error: unknown) => {
        if (!(error instanceof MeshError)) this.#broken.push(`sending rejected with something else: ${String(error)}`)
      },
    )
  }

  /** Whose key it has: of two copies nobody knows which one has an address at the moment. */
  #profileOf(name: string): string {
    return this.#world.copies.get(name) ?? name
  }

  /** Where it is now, if it runs. */
  #addressOf(name: string): string {
    try {
      return this.#members.get(name)?.mesh.address ?? this.#world.addressOf(name)
    } catch {
      return this.#world.addressOf(name)
    }
  }

  #broadcast(member: Member): string {
    this.#broadcasts += 1
    const text = `news ${this.#broadcasts}`
    member.mesh.broadcast(text).catch((error: unknown) => {
      if (!(error instanceof MeshError)) this.#broken.push(`a broadcast rejected with something else: ${String(error)}`)
    })
    return text
  }

  async #healAndCheck(): Promise<void> {
    const { network } = this.#world
    network.note('everything heals')
    network.healAll()
    await this.#runFor(this.#options.healingMs ?? 120_000)
    const stuck = [...this.#pending].filter(([, member]) => this.#members.get(member.name) === member).map(([body]) => body)
    if (stuck.length > 0) this.#fail(`calls never settled: ${stuck.join('; ')}`)
    const members = [...this.#members.values()]
    const addresses = new Set(members.map(({ mesh }) => mesh.address))
    if (addresses.size < members.length) this.#fail(`${members.length} members have ${addresses.size} addresses`)
    for (const { name, mesh } of members) {
      const missing = this.#names.filter((other) => other !== name && mesh.peer(this.#addressOf(other))?.state !== 'active')
      if (missing.length > 0) this.#fail(`${name} does not see ${missing.join(', ')}`)
    }
    await this.#checkCalls(members)
    await this.#checkBroadcast(members)
  }

  async #checkCalls(members: readonly Member[]): Promise<void> {
    const failures: string[] = []
    let settled = 0
    let asked = 0
    for (const member of members) {
      for (const other of this.#names) {
        if (other === member.name) continue
        asked += 1
        const settle = (failure: string): void => {
          settled += 1
          if (failure !== '') failures.push(`${member.name} > ${other}: ${failure}`)
        }
        void this.#call(member, other).then(settle)
      }
    }
    await this.#runFor(30_000)
    if (settled < asked) this.#fail(`${asked - settled} calls did not settle after healing`)
    if (failures.length > 0) this.#fail(`calls failed after healing: ${failures.join('; ')}`)
  }

  async #checkBroadcast(members: readonly Member[]): Promise<void> {
    const [first, ...others] = members
    if (first === undefined) return
    const text = this.#broadcast(first)
    await this.#runFor(30_000)
    const deaf = others.filter(({ heard }) => !heard.has(text)).map(({ name }) => name)
    if (deaf.length > 0) this.#fail(`after healing a broadcast did not reach ${deaf.join(', ')}`)
  }

  async #runFor(ms: number): Promise<void> {
    await this.#world.network.clock.advance(ms)
    const [first] = this.#broken
    if (first !== undefined) this.#fail(first)
  }

  #fail(what: string): never {
    throw new ScenarioFailure(this.#seed, what, this.#world.network)
  }
}
