// Routers alone: a random graph of relays and members, random faults, requests and floods in between; at the end all is
// healed and each node must reach each other one. It runs in one go, without promises, so thousands of seeds take seconds.

import type { DecodedPacket, Packet } from '../../wire/packet.ts'
import type { Router } from '../../routing/router.ts'
import type { SeededDice } from '../seeded-dice.ts'
import { ScenarioFailure } from './scenario-outcome.ts'
import type { ScenarioOutcome } from './scenario-outcome.ts'
import { drawFaultKinds, injectFault } from './sim-faults.ts'
import { SimWorld } from './sim-world.ts'

/** What the dice would else decide. */
export interface RoutingScenarioOptions {
  readonly nodesMax?: number | undefined
  readonly faultsMax?: number | undefined
  /** How long everybody has to find everybody after the last fault. Default 120 000. */
  readonly healingMs?: number | undefined
}

/** Throws a ScenarioFailure. */
export function runRoutingScenario(seed: number, options: RoutingScenarioOptions = {}): ScenarioOutcome {
  return new RoutingScenario(seed, options).run()
}

/** Longer than a pause, a restart, and the time in which a dead link is noticed and dialed anew. */
const restMs = 100_000

interface Neighbour {
  readonly name: string
  dialing: boolean
}

class RoutingScenario {
  readonly #seed: number
  readonly #world: SimWorld
  readonly #dice: SeededDice
  readonly #options: RoutingScenarioOptions
  readonly #routers = new Map<string, Router>()
  readonly #names: string[] = []
  readonly #pairs: (readonly [string, string])[] = []
  /** By receiver: floods and requests heard, to find what came twice. */
  readonly #heard = new Map<string, Set<string>>()
  /** Found inside handlers, whose errors the router would catch. */
  readonly #broken: string[] = []
  #restarts = 0
  #routeChanges = 0
  #calls = 0
  #answers = 0
  #floods = 0

  constructor(seed: number, options: RoutingScenarioOptions) {
    this.#seed = seed
    this.#options = options
    this.#world = new SimWorld(seed)
    this.#dice = this.#world.network.dice.fork('scenario')
    this.#drawGraph()
  }

  run(): ScenarioOutcome {
    const { network } = this.#world
    for (const name of this.#names) this.#start(name)
    this.#runFor(this.#dice.between(0, 10_000))
    const faults = this.#dice.between(3, this.#options.faultsMax ?? 20)
    const kinds = drawFaultKinds(this.#dice)
    for (let fault = 0; fault < faults; fault += 1) {
      const targets = { nodes: this.#names, pairs: this.#pairs, restart: (name: string, told: boolean) => this.#restart(name, told) }
      network.note(injectFault(network, this.#dice, kinds, targets))
      for (let act = this.#dice.between(0, 4); act > 0; act -= 1) this.#act()
      this.#runFor(this.#dice.between(1, this.#dice.chance(0.2) ? 60_000 : 3_000))
      if (this.#dice.chance(0.1)) this.#rest()
    }
    this.#healAndCheck()
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

  /** A tree, so that all hang together, and some more edges. */
  #drawGraph(): void {
    const count = this.#dice.between(3, this.#options.nodesMax ?? 8)
    for (let index = 0; index < count; index += 1) this.#names.push(`${this.#dice.chance(0.3) ? 'relay' : 'member'}${index}`)
    for (let index = 1; index < count; index += 1) this.#addPair(this.#dice.between(0, index - 1), index)
    for (let extra = this.#dice.between(0, count); extra > 0; extra -= 1)
      this.#addPair(this.#dice.between(0, count - 1), this.#dice.between(0, count - 1))
  }

  #addPair(from: number, to: number): void {
    const one = this.#names[from]
    const other = this.#names[to]
    if (one === undefined || other === undefined || one === other) return
    if (!this.#pairs.some((pair) => pair.includes(one) && pair.includes(other))) this.#pairs.push([one, other])
  }

  #start(name: string): void {
    const router = this.#world.startRouter(name, name.startsWith('relay') ? 'relay' : 'member')
    this.#routers.set(name, router)
    this.#heard.set(name, new Set())
    router.on('destination', ({ address, state }) => {
      this.#routeChanges += 1
      this.#world.network.note(`${name}: ${address} ${state}`)
      if (state !== 'down') this.#checkLoop(name, address)
    })
    if (!name.startsWith('relay')) this.#serve(name, router)
    const neighbours = this.#pairs.filter(([one]) => one === name).map(([, other]) => ({ name: other, dialing: false }))
    for (const neighbour of neighbours) this.#keepDialed(name, router, neighbour)
  }

  #serve(name: string, router: Router): void {
    router.registerService('echo', (packet) => {
      this.#once(name, textOf(packet))
      router.send({ destAddr: packet.srcAddr, contextID: packet.contextID, data: packet.data })
    })
    router.registerService('news', (packet) => this.#once(name, `news ${textOf(packet)}`))
  }

  #once(name: string, what: string): void {
    const heard = this.#heard.get(name)
    if (heard?.has(what) === true) this.#broken.push(`${name} heard '${what}' twice`)
    heard?.add(what)
  }

  /**
   * Routes never form a circle, not for a moment. A node that forgot everything in a restart may still be on ways that
   * others believe in, so worlds with restarts are left out.
   */
  #checkLoop(name: string, destination: string): void {
    if (this.#restarts > 0) return
    const way = [name]
    while (new Set(way).size === way.length) {
      const next: string | undefined = this.#routers.get(way.at(-1) ?? '')?.destination(destination)?.via
      const nextName = [...this.#routers].find(([, router]) => router.address === next)?.[0]
      if (nextName === undefined || next === destination) return
      way.push(nextName)
    }
    this.#broken.push(`packets for ${destination} go in a circle: ${way.join(' > ')}`)
  }

  /** Whoever dials keeps its link up, with a try about each second. */
  #keepDialed(name: string, router: Router, neighbour: Neighbour): void {
    const { network } = this.#world
    const clock = network.node(name).clock
    let link: ReturnType<Router['addChannel']> | undefined
    const look = (): void => {
      if (!neighbour.dialing && (link === undefined || !router.links().includes(link))) {
        neighbour.dialing = true
        network.dialThen(name, neighbour.name, {}, (outcome) => {
          neighbour.dialing = false
          if (!(outcome instanceof Error)) link = router.addChannel(outcome)
        })
      }
      clock.setTimer(this.#dice.between(500, 1_500), look)
    }
    look()
  }

  #restart(name: string, told: boolean): void {
    const { network } = this.#world
    if (network.running(name) === undefined) return
    network.kill(name, told)
    this.#restarts += 1
    this.#routers.delete(name)
    network.clock.setTimer(this.#dice.between(10, 30_000), () => {
      network.note(`${name} returns`)
      this.#start(name)
    })
  }

  /** One thing that an app might do. */
  #act(): void {
    if (this.#routers.size === 0) return
    const [name, router] = this.#dice.pick([...this.#routers])
    if (name.startsWith('relay')) return
    if (this.#dice.chance(0.3)) this.#sayToAll(router)
    else {
      const other = this.#dice.pick([...this.#routers.values()])
      if (other !== router && this.#serves(other)) this.#call(router, other, () => {})
    }
  }

  #serves(router: Router): boolean {
    return this.#members().includes(router)
  }

  #members(): Router[] {
    return [...this.#routers].filter(([name]) => !name.startsWith('relay')).map(([, router]) => router)
  }

  #call(from: Router, to: Router, answered: () => void): void {
    this.#calls += 1
    const body = `to ${to.address} call ${this.#calls}`
    const context = from.registerContext(
      (reply) => {
        if (reply.netState === 255) return
        if (textOf(reply) !== body) this.#broken.push(`the answer to '${body}' is '${textOf(reply)}'`)
        this.#answers += 1
        from.releaseContext(context)
        answered()
      },
      { from: to.address },
    )
    const packet: Packet = { service: 'echo', destAddr: to.address, contextID: context, data: body }
    from.send(packet)
  }

  #sayToAll(from: Router): string {
    this.#floods += 1
    const text = `${this.#floods}`
    void from.say({ service: 'news', data: text })
    return text
  }

  /** Without new faults for a while, whoever is joined by sound links reaches each other, however many others are broken. */
  #rest(): void {
    const { network } = this.#world
    network.note('a rest')
    this.#runFor(restMs)
    if (this.#pairs.some(([one, other]) => network.path(one, other).loss + network.path(other, one).loss > 0)) return
    for (const [name, router] of this.#routers) {
      for (const otherName of this.#soundlyJoined(name)) {
        const other = this.#routers.get(otherName)
        if (other === undefined || other === router) continue
        if (router.destination(other.address) === undefined) this.#fail(`after a rest ${name} has no route to ${otherName}`)
      }
    }
  }

  #soundlyJoined(name: string): Set<string> {
    const { network } = this.#world
    const joined = new Set([name])
    for (const at of joined) {
      for (const pair of this.#pairs) {
        const [one, other] = pair
        const sound = network.path(one, other).state === 'open' && network.path(other, one).state === 'open'
        if (sound && pair.includes(at)) joined.add(one).add(other)
      }
    }
    return joined
  }

  #healAndCheck(): void {
    const { network } = this.#world
    network.note('everything heals')
    network.healAll()
    this.#runFor(this.#options.healingMs ?? 120_000)
    for (const [name, router] of this.#routers) {
      for (const [otherName, other] of this.#routers) {
        if (other !== router && router.destination(other.address) === undefined) this.#fail(`${name} has no route to ${otherName}`)
      }
    }
    this.#checkCalls()
    this.#checkFlood()
    this.#checkLeaving()
  }

  #checkCalls(): void {
    const missing = new Set<string>()
    const members = [...this.#routers].filter(([, router]) => this.#serves(router))
    for (const [name, router] of members) {
      for (const [otherName, other] of members) {
        if (other === router) continue
        missing.add(`${name} > ${otherName}`)
        this.#call(router, other, () => missing.delete(`${name} > ${otherName}`))
      }
    }
    this.#runFor(30_000)
    if (missing.size > 0) this.#fail(`after healing no answer came for ${[...missing].join(', ')}`)
  }

  #checkFlood(): void {
    const [first, ...others] = this.#members()
    if (first === undefined) return
    const text = this.#sayToAll(first)
    this.#runFor(30_000)
    const names = [...this.#routers].filter(([, router]) => others.includes(router)).map(([name]) => name)
    const deaf = names.filter((name) => this.#heard.get(name)?.has(`news ${text}`) !== true)
    if (deaf.length > 0) this.#fail(`after healing a flood did not reach ${deaf.join(', ')}`)
  }

  /** Whoever is gone is forgotten everywhere, also when nobody was told. */
  #checkLeaving(): void {
    const [name, gone] = this.#dice.pick([...this.#routers])
    const told = this.#dice.chance(0.5)
    this.#world.network.note(`${name} leaves for good, ${told ? 'told' : 'untold'}`)
    this.#world.network.kill(name, told)
    this.#routers.delete(name)
    this.#restarts += 1
    this.#runFor(60_000)
    const deceived = [...this.#routers].filter(([, router]) => router.destination(gone.address) !== undefined).map(([other]) => other)
    if (deceived.length > 0) this.#fail(`${name} is gone for a minute, but still there for ${deceived.join(', ')}`)
  }

  #runFor(ms: number): void {
    this.#world.network.clock.runFor(ms)
    const [first] = this.#broken
    if (first !== undefined) this.#fail(first)
  }

  #fail(what: string): never {
    throw new ScenarioFailure(this.#seed, what, this.#world.network)
  }
}

function textOf(packet: DecodedPacket): string {
  return new TextDecoder().decode(packet.data)
}
