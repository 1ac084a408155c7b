// The relays and members of one seed: who they are, how they come, go and come back, and what was found to be wrong with them.

import { createMesh } from '../../mesh/create-mesh.ts'
import type { Mesh } from '../../mesh/mesh.ts'
import type { SeededDice } from '../seeded-dice.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { endAndReturn } from './end-and-return.ts'
import { ScenarioFailure, type ScenarioOutcome } from './scenario-outcome.ts'
import { simEnvironment, simUrl } from './sim-environment.ts'
import { everyPair, injectFault } from './sim-faults.ts'
import type { SimNetwork } from './sim-network.ts'
import { SimWorld } from './sim-world.ts'

export interface MemberWorldOptions {
  /** Of its dice. */
  readonly name: string
  /** As of the virtual clock. */
  readonly settle: (() => Promise<void>) | undefined
  /** What a member does from the beginning of each of its lives. */
  begin(name: string, mesh: Mesh): void
}

export interface Ending {
  /** Its neighbours hear of it. */
  readonly told: boolean
  /** Of the members whose end is told, so many say themselves that they leave. */
  readonly politeShare: number
  readonly awayMsMax: number
}

export class MemberWorld {
  readonly sim: SimWorld
  readonly dice: SeededDice
  readonly relays: string[] = []
  readonly names: string[] = []
  /** Of the members that run. */
  readonly meshes: Map<string, Mesh> = new Map()
  readonly #seed: number
  readonly #begin: MemberWorldOptions['begin']
  readonly #broken: string[] = []
  #routeChanges = 0

  constructor(seed: number, { name, settle, begin }: MemberWorldOptions) {
    this.#seed = seed
    this.#begin = begin
    this.sim = new SimWorld(seed, { clock: new VirtualClock({ settle }), digest: seed < 100 })
    this.dice = this.sim.network.dice.fork(name)
  }

  get network(): SimNetwork {
    return this.sim.network
  }

  /** Who there is; some pairs may be linked directly, as the dice want. */
  startAll(relays: number, members: number): void {
    for (let relay = relays; relay > 0; relay -= 1) this.relays.push(`relay${relay}`)
    for (let member = members; member > 0; member -= 1) this.names.push(`member${member}`)
    const directShare = this.dice.random()
    this.sim.mayBeDirect = (one, other) => this.network.dice.fork([one, other].toSorted().join()).chance(directShare)
    for (const name of [...this.relays, ...this.names]) this.#start(name)
  }

  /** Somebody's process ends, if it runs, and another one begins later. */
  restart(name: string, { told, politeShare, awayMsMax }: Ending): void {
    if (this.network.running(name) === undefined) return
    const mesh = this.meshes.get(name)
    this.meshes.delete(name)
    const leaving = told && mesh !== undefined && this.dice.chance(politeShare) ? mesh : undefined
    endAndReturn(this.network, name, { told, leaving, awayMs: this.dice.between(5_000, awayMsMax), start: () => this.#start(name) })
  }

  fault(kinds: Parameters<typeof injectFault>[2], restart: (name: string, told: boolean) => void): void {
    const nodes = [...this.relays, ...this.names]
    this.network.note(injectFault(this.network, this.dice, kinds, { nodes, pairs: everyPair(nodes), restart }))
  }

  /** Found where throwing would help nobody: inside handlers and promises. `runFor` fails with the first. */
  broken(what: string): void {
    this.#broken.push(what)
  }

  async runFor(ms: number): Promise<void> {
    await this.network.clock.advance(ms)
    const [first] = this.#broken
    if (first !== undefined) this.fail(first)
  }

  fail(what: string): never {
    throw new ScenarioFailure(this.#seed, what, this.network)
  }

  outcome(faults: number): Omit<ScenarioOutcome, 'calls' | 'answers'> {
    const { network } = this
    return {
      seed: this.#seed,
      digest: network.digest(),
      deliveries: network.deliveries,
      routeChanges: this.#routeChanges,
      faults,
      virtualMs: network.clock.now(),
    }
  }

  #start(name: string): void {
    if (this.relays.includes(name)) return void this.sim.startRouter(name, 'relay')
    const mesh = createMesh({ name, relays: this.relays.map(simUrl) }, simEnvironment(this.sim, name))
    this.meshes.set(name, mesh)
    mesh.on('peer', () => (this.#routeChanges += 1))
    this.#begin(name, mesh)
  }
}
