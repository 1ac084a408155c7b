// Members that call each other while the network falls apart and processes end: every call settles in its time, one that is not
// idempotent is never executed twice, what is answered is the answer to this very question, and answers come in order, without a gap.

import { MeshError } from '../../errors/mesh-error.ts'
import type { Mesh } from '../../mesh/mesh.ts'
import type { Request } from '../../calls/request.ts'
import type { SeededDice } from '../seeded-dice.ts'
import { MemberWorld } from './member-world.ts'
import type { ScenarioOutcome } from './scenario-outcome.ts'
import { drawFaultKinds } from './sim-faults.ts'

/** What the dice would else decide. */
export interface CallsScenarioOptions {
  /** Default 3 to 6. */
  readonly members?: number | undefined
  readonly settle?: (() => Promise<void>) | undefined
}

/** What a world of calls came to. */
export interface CallsOutcome extends ScenarioOutcome {
  /** Calls that were executed, of which some were not answered. */
  readonly executed: number
  /** Rejected with OUTCOME_UNKNOWN, or because the time was up. */
  readonly unknown: number
  readonly fed: number
}

/** Rejects with a ScenarioFailure. */
export function runCallsScenario(seed: number, options: CallsScenarioOptions = {}): Promise<CallsOutcome> {
  return new CallsScenario(seed, options).run()
}

interface Asked {
  readonly text: string
  readonly from: string
  readonly idempotent: boolean
  readonly until: number
  state: 'open' | 'answered' | 'rejected'
  executed: number
}

/** Beyond the time that a call was given: a timer, and a turn. */
const slackMs = 50

class CallsScenario {
  readonly #world: MemberWorld
  readonly #dice: SeededDice
  readonly #members: number | undefined
  readonly #calls = new Map<string, Asked>()
  #unknown = 0
  #fed = 0

  constructor(seed: number, options: CallsScenarioOptions) {
    this.#members = options.members
    this.#world = new MemberWorld(seed, { name: 'calls', settle: options.settle, begin: (name, mesh) => this.#begin(name, mesh) })
    this.#dice = this.#world.dice
  }

  async run(): Promise<CallsOutcome> {
    const { network } = this.#world
    this.#world.startAll(this.#dice.between(1, 2), this.#members ?? this.#dice.between(3, 6))
    await this.#runFor(this.#dice.between(2_000, 8_000))
    const faults = this.#dice.between(6, 14)
    const kinds = drawFaultKinds(this.#dice)
    for (let fault = 0; fault < faults; fault += 1) {
      for (let act = this.#dice.between(1, 6); act > 0; act -= 1) this.#call()
      this.#world.fault(kinds, (name, told) => this.#restart(name, told))
      for (let act = this.#dice.between(0, 3); act > 0; act -= 1) this.#call()
      await this.#runFor(this.#dice.between(1, this.#dice.chance(0.2) ? 30_000 : 4_000))
      if (this.#dice.chance(0.4)) network.healAll()
    }
    await this.#healAndCheck()
    const calls = [...this.#calls.values()]
    return {
      ...this.#world.outcome(faults),
      calls: calls.length,
      answers: calls.filter(({ state }) => state === 'answered').length,
      executed: calls.filter(({ executed }) => executed > 0).length,
      unknown: this.#unknown,
      fed: this.#fed,
    }
  }

  #begin(name: string, mesh: Mesh): void {
    mesh.services.register('work', (request) => this.#work(name, request), { load: this.#dice.random() })
    mesh.services.register('feed', (request) => this.#feed(name, request))
  }

  #work(name: string, request: Request): string | Promise<string> {
    const asked = this.#executedAt(name, request)
    const answer = `${request.text()} done`
    const { clock } = this.#world.network.node(name)
    const later = this.#dice.between(0, 3) === 0 ? 0 : this.#dice.between(1, 4_000)
    if (asked && this.#dice.chance(0.05)) return new Promise<string>(() => {})
    return later === 0 ? answer : new Promise<string>((resolve) => clock.setTimer(later, () => resolve(answer)))
  }

  async *#feed(name: string, request: Request): AsyncGenerator<string, void> {
    this.#executedAt(name, request)
    const { clock } = this.#world.network.node(name)
    for (let at = 0; at < 150; at += 1) {
      if (at % 40 === 39) await new Promise<void>((resolve) => void clock.setTimer(200, resolve))
      yield `${request.text()} ${at}`
    }
  }

  #executedAt(name: string, request: Request): boolean {
    const asked = this.#calls.get(request.text())
    if (asked === undefined) {
      this.#world.broken(`${name} was asked '${request.text()}', which nobody asked`)
      return false
    }
    asked.executed += 1
    this.#world.network.note(`${name} executes ${asked.text}`)
    if (asked.executed > 1 && !asked.idempotent) this.#world.broken(`'${asked.text}' was executed ${asked.executed} times`)
    return true
  }

  #call(): void {
    const present = [...this.#world.meshes.keys()]
    if (present.length === 0) return
    const from = this.#dice.pick(present)
    const mesh = this.#world.meshes.get(from)
    if (mesh === undefined) return
    const others = mesh.services.list('work').filter(({ local }) => !local)
    if (others.length === 0) return
    const service = this.#dice.chance(0.25) ? 'feed' : 'work'
    const timeoutMs = this.#dice.between(500, 20_000)
    const idempotent = service === 'work' && this.#dice.chance(0.4)
    const text = `call ${this.#calls.size + 1}`
    const asked: Asked = { text, from, idempotent, until: this.#world.network.clock.now() + timeoutMs, state: 'open', executed: 0 }
    this.#calls.set(text, asked)
    const target = this.#dice.pick(others).address
    const options = idempotent
      ? { timeoutMs, idempotent }
      : {
          timeoutMs,
          select: (rows: readonly (typeof others)[number][]) =>
            rows.find(({ address }) => address === target) ?? rows.find(({ local }) => !local),
        }
    if (service === 'feed') void this.#follow(asked, this.#read(asked, mesh, options))
    else void this.#follow(asked, this.#ask(asked, mesh, options))
  }

  async #ask(asked: Asked, mesh: Mesh, options: object): Promise<void> {
    const reply = await mesh.call('work', asked.text, options)
    if (reply.text() !== `${asked.text} done`) this.#world.broken(`'${asked.text}' was answered with '${reply.text()}'`)
  }

  async #read(asked: Asked, mesh: Mesh, options: object): Promise<void> {
    let next = 0
    for await (const reply of mesh.call('feed', asked.text, options)) {
      // Once it has begun, it takes the time that it takes.
      if (next === 0) asked.state = 'answered'
      if (reply.text() !== `${asked.text} ${next}`) this.#world.broken(`'${asked.text}' gave '${reply.text()}' as answer ${next}`)
      next += 1
      this.#fed += 1
    }
    if (next !== 150) this.#world.broken(`'${asked.text}' ended after ${next} answers without an error`)
  }

  async #follow(asked: Asked, outcome: Promise<void>): Promise<void> {
    try {
      await outcome
      asked.state = 'answered'
      this.#world.network.note(`${asked.text} of ${asked.from} is answered`)
      if (asked.executed === 0) this.#world.broken(`'${asked.text}' was answered and never executed`)
    } catch (error) {
      asked.state = 'rejected'
      if (!(error instanceof MeshError)) return this.#world.broken(`'${asked.text}' rejected with something else: ${String(error)}`)
      this.#world.network.note(`${asked.text} of ${asked.from} rejects with ${error.code}`)
      if (error.code === 'OUTCOME_UNKNOWN' || error.code === 'TIMEOUT') this.#unknown += 1
      else if (!['CLOSED', 'NO_SERVICE', 'NO_ROUTE'].includes(error.code))
        this.#world.broken(`'${asked.text}' rejected with ${error.code}: ${error.message}`)
      // What says that nothing was executed must be right.
      else if (error.code !== 'CLOSED' && asked.executed > 0)
        this.#world.broken(`'${asked.text}' was executed, and rejected with ${error.code}`)
    }
  }

  #restart(name: string, told: boolean): void {
    this.#world.restart(name, { told, politeShare: 0.5, awayMsMax: 40_000 })
    // Nobody waits for what a process that is gone had asked.
    for (const asked of this.#calls.values()) if (asked.from === name && asked.state === 'open') asked.state = 'rejected'
  }

  async #healAndCheck(): Promise<void> {
    const { network } = this.#world
    network.note('everything heals')
    network.healAll()
    await this.#runFor(120_000)
    for (const [name, mesh] of this.#world.meshes) {
      const { pending } = mesh.health()
      if (pending > 0) this.#world.fail(`${pending} operations of ${name} wait, and there is nothing to wait for`)
    }
    if (this.#calls.size === 0) this.#world.fail('nothing was called')
  }

  async #runFor(ms: number): Promise<void> {
    const { network } = this.#world
    const { clock } = network
    for (const until = clock.now() + ms; clock.now() < until;) {
      await this.#world.runFor(Math.min(1_000, until - clock.now()))
      // A process that sleeps has no time that could be up.
      const isLate = ({ state, from, until: due }: Asked): boolean =>
        state === 'open' && clock.now() > due + slackMs && network.running(from)?.paused === false
      const late = [...this.#calls.values()].find(isLate)
      if (late) this.#world.fail(`'${late.text}' of ${late.from} had until ${late.until}, and has not settled`)
    }
  }
}
