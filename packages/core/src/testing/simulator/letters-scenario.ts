// Members that write to each other while the network falls apart and processes end: at the end all is healed, and every message that
// was called delivered or stored must have been heard by the member it was for, once, over all of its lives. Writers and readers keep
// what they have to keep in stores that outlive their processes.

import { MeshError } from '../../errors/mesh-error.ts'
import type { Mesh } from '../../mesh/mesh.ts'
import type { Message } from '../../messages/message.ts'
import type { SeededDice } from '../seeded-dice.ts'
import { MemberWorld } from './member-world.ts'
import type { ScenarioOutcome } from './scenario-outcome.ts'
import { drawFaultKinds } from './sim-faults.ts'

/** What the dice would else decide. */
export interface LettersScenarioOptions {
  /** Default 3 to 6, and 20 in one world of 25. */
  readonly members?: number | undefined
  /** How long everything has to arrive after the last fault. Default 300 000. */
  readonly healingMs?: number | undefined
  readonly settle?: (() => Promise<void>) | undefined
}

/** What a world of messages came to. */
export interface LettersOutcome extends ScenarioOutcome {
  /** Messages to one member, by what became of them. */
  readonly delivered: number
  readonly stored: number
  readonly partitions: number
}

/** Rejects with a ScenarioFailure. */
export function runLettersScenario(seed: number, options: LettersScenarioOptions = {}): Promise<LettersOutcome> {
  return new LettersScenario(seed, options).run()
}

interface Letter {
  readonly text: string
  readonly from: string
  readonly to: string
  readonly isAnswer: boolean
  /** `sending` for ever when the sender's process ended before it knew. */
  state: 'sending' | 'delivered' | 'stored' | 'rejected'
  heard: number
}

const leastPartitions = 3

class LettersScenario {
  readonly #seed: number
  readonly #options: LettersScenarioOptions
  readonly #world: MemberWorld
  readonly #dice: SeededDice
  readonly #letters = new Map<string, Letter>()
  #storms = true
  #partitions = 0

  constructor(seed: number, options: LettersScenarioOptions) {
    this.#seed = seed
    this.#options = options
    this.#world = new MemberWorld(seed, { name: 'letters', settle: options.settle, begin: (name, mesh) => this.#begin(name, mesh) })
    this.#dice = this.#world.dice
  }

  async run(): Promise<LettersOutcome> {
    const { network } = this.#world
    const members = this.#options.members ?? (this.#seed % 25 === 0 ? 20 : this.#dice.between(3, 6))
    this.#world.startAll(this.#dice.between(1, 2), members)
    await this.#world.runFor(this.#dice.between(0, 5_000))
    const faults = this.#dice.between(6, 14)
    const kinds = drawFaultKinds(this.#dice)
    for (let fault = 0; fault < faults || this.#partitions < leastPartitions; fault += 1) {
      if (this.#partitions < leastPartitions || this.#dice.chance(0.3)) this.#partition()
      else this.#world.fault(kinds, (name, told) => this.#restart(name, told))
      for (let act = this.#dice.between(1, 5); act > 0; act -= 1) this.#write()
      await this.#world.runFor(this.#dice.between(1, this.#dice.chance(0.2) ? 40_000 : 5_000))
      if (this.#dice.chance(0.3)) network.healAll()
    }
    await this.#healAndCheck()
    const letters = [...this.#letters.values()]
    const count = (state: Letter['state']): number => letters.filter((letter) => letter.state === state).length
    return {
      ...this.#world.outcome(faults),
      calls: letters.length,
      answers: letters.filter(({ heard }) => heard === 1).length,
      delivered: count('delivered'),
      stored: count('stored'),
      partitions: this.#partitions,
    }
  }

  /** Two halves that do not hear of each other: told to both, or not. */
  #partition(): void {
    const { network } = this.#world
    const nodes = [...this.#world.relays, ...this.#world.names]
    const inside = new Set(nodes.filter(() => this.#dice.chance(0.5)))
    const silent = this.#dice.chance(0.5)
    this.#partitions += 1
    network.note(`partition ${silent ? 'in silence ' : ''}${[...inside].join(' ')}`)
    for (const one of inside) {
      for (const other of nodes) {
        if (inside.has(other)) continue
        if (!silent) network.cut(one, other)
        else
          for (const [from, to] of [
            [one, other],
            [other, one],
          ] as const)
            network.silence(from, to)
      }
    }
  }

  #begin(name: string, mesh: Mesh): void {
    mesh.on('error', (error) => this.#world.broken(`${name} reports ${error.code}: ${error.message}`))
    mesh.on('message', (message) => this.#hear(name, message))
    mesh.on('delivery', ({ id, state }) => {
      this.#world.network.note(`${name} is told that ${id} is ${state}`)
      if (state !== 'delivered') this.#world.broken(`${name} is told that a message is ${state}`)
    })
  }

  #hear(name: string, message: Message): void {
    const text = message.parts[0] as string
    const letter = this.#letters.get(text)
    if (letter === undefined) return this.#world.broken(`${name} heard '${text}', which nobody wrote`)
    letter.heard += 1
    this.#world.network.note(`${name} hears ${text}`)
    if (letter.to !== name) this.#world.broken(`${name} heard '${text}', which was for ${letter.to}`)
    if (letter.heard > 1) this.#world.broken(`${name} heard '${text}' ${letter.heard} times`)
    // The answer of the library does not leave any more: the message comes again, to another life.
    if (this.#storms && this.#dice.chance(0.06)) this.#world.network.clock.setTimer(0, () => this.#restart(name, this.#dice.chance(0.5)))
    if (letter.isAnswer || !this.#dice.chance(0.3)) return
    const answer = this.#letter(name, letter.from, true)
    this.#follow(answer, message.reply(answer.text))
  }

  #letter(from: string, to: string, isAnswer: boolean): Letter {
    const text = `${isAnswer ? 'answer' : 'letter'} ${this.#letters.size + 1}`
    const letter: Letter = { text, from, to, isAnswer, state: 'sending', heard: 0 }
    this.#letters.set(text, letter)
    return letter
  }

  #write(): void {
    const present = [...this.#world.meshes.keys()]
    if (present.length === 0) return
    const from = this.#dice.pick(present)
    const to = this.#dice.pick(this.#world.names)
    const mesh = this.#world.meshes.get(from)
    if (to === from || mesh === undefined) return
    const letter = this.#letter(from, to, false)
    const address = this.#world.sim.addressOf(to)
    const target = this.#dice.chance(0.3) ? address.slice(0, -5) : address
    this.#follow(letter, mesh.send(target, letter.text))
  }

  #follow(letter: Letter, sent: Promise<{ readonly state: 'delivered' | 'stored' }>): void {
    sent.then(
      ({ state }) => {
        letter.state = state
        this.#world.network.note(`${letter.text} of ${letter.from} is ${state}`)
        if (state === 'delivered' && letter.heard !== 1)
          this.#world.broken(`'${letter.text}' was called delivered and was heard ${letter.heard} times`)
      },
      (error: unknown) => {
        letter.state = 'rejected'
        if (!(error instanceof MeshError)) this.#world.broken(`sending rejected with something else: ${String(error)}`)
        else if (error.code !== 'CLOSED') this.#world.broken(`'${letter.text}' rejected with ${error.code}: ${error.message}`)
      },
    )
  }

  #restart(name: string, told: boolean): void {
    this.#world.restart(name, { told, politeShare: 0.3, awayMsMax: 60_000 })
  }

  async #healAndCheck(): Promise<void> {
    const { network } = this.#world
    network.note('everything heals')
    this.#storms = false
    network.healAll()
    const until = network.clock.now() + (this.#options.healingMs ?? 300_000)
    // Those that are away come back first, and then everything has the time to arrive.
    await this.#world.runFor(70_000)
    network.healAll()
    while (network.clock.now() < until && this.#waiting().length > 0) await this.#world.runFor(10_000)
    const [waiting] = this.#waiting()
    if (waiting) this.#world.fail(`'${waiting.text}' of ${waiting.from} is ${waiting.state} and was heard ${waiting.heard} times`)
    // What is doubled needs time to come again.
    await this.#world.runFor(120_000)
    for (const [name, mesh] of this.#world.meshes) {
      const left = mesh.outbox.list()
      if (left.length > 0) this.#world.fail(`${name} still stores ${left.map(({ parts }) => parts[0] as string).join(', ')}`)
    }
    if (this.#letters.size === 0) this.#world.fail('nothing was written')
  }

  /** What must arrive and has not. */
  #waiting(): Letter[] {
    return [...this.#letters.values()].filter(({ state, heard }) => (state === 'delivered' || state === 'stored') && heard !== 1)
  }
}
