// A network of named nodes on a virtual clock: pipes with latency, jitter and loss that can be cut, silenced, stalled and
// healed. Every delivery goes into a running digest, so that two runs can be compared by one line.

import type { Carries, Channel, Medium } from '../../channel/channel.ts'
import { MeshError } from '../../errors/mesh-error.ts'
import { SeededDice } from '../seeded-dice.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { RunningDigest } from './running-digest.ts'
import { SimChannel } from './sim-channel.ts'
import type { SimPath, SimTransport } from './sim-channel.ts'
import { SimNode } from './sim-node.ts'

/** How a network is to begin with; `loss` is a share: 0 … 1. */
export interface SimNetworkOptions {
  readonly clock?: VirtualClock | undefined
  /** Of every path to begin with. Default 10. */
  readonly latencyMs?: number | undefined
  readonly jitterMs?: number | undefined
  readonly loss?: number | undefined
  /** Above so many bytes under way `send` answers false. Default 262 144. */
  readonly highWaterBytes?: number | undefined
  /** Whether every delivery and note goes into a digest. Default true; thousands of worlds in a row are quicker without. */
  readonly digest?: boolean | undefined
}

/** Somebody who watches everything and changes nothing. */
export interface SimObserver {
  /** A process has done something: a timer ran or a message came. */
  performed?(node: SimNode): void
  /** A message is about to be heard at this end of a pipe. `harmed`: it is not what was sent, or not the first time. */
  delivered?(channel: SimChannel, message: Uint8Array, harmed: boolean): void
  /** This end of a pipe is closed. */
  ended?(channel: SimChannel): void
}

/** What one connection is. */
export interface SimPipeOptions {
  /** Default `websocket`. */
  readonly medium?: Medium | undefined
  /** Default `frames`. */
  readonly carries?: Carries | undefined
}

/** How long a dial into silence takes to give up. */
const dialTimeoutMs = 20_000
const historyLinesMax = 1_000

/** Processes by name, the pipes between them, and what is done to these. */
export class SimNetwork {
  readonly seed: number | string
  readonly clock: VirtualClock
  readonly dice: SeededDice
  /** Messages delivered so far. */
  deliveries = 0
  observer: SimObserver | undefined
  readonly #options: SimNetworkOptions
  readonly #history: string[] = []
  readonly #digest = new RunningDigest()
  readonly #nodes = new Map<string, SimNode>()
  readonly #listeners = new Map<string, (channel: Channel, from: string) => void>()
  readonly #paths = new Map<string, SimPath>()
  readonly #channels = new Set<SimChannel>()
  readonly #transport: SimTransport
  readonly #digests: boolean
  readonly #performed = (node: SimNode): void => this.observer?.performed?.(node)
  #nextChannel = 1

  constructor(seed: number | string, options: SimNetworkOptions = {}) {
    this.seed = seed
    this.clock = options.clock ?? new VirtualClock()
    this.dice = new SeededDice(seed)
    this.#options = options
    this.#digests = options.digest ?? true
    const travel = this.dice.fork('travel')
    this.#transport = {
      highWaterBytes: options.highWaterBytes ?? 262_144,
      setTimer: (delayMs, callback) => this.clock.setTimer(delayMs, callback),
      now: () => this.clock.now(),
      random: () => travel.random(),
      delivered: (channel, message, harmed) => this.#delivered(channel, message, harmed),
      ended: (channel) => {
        if (!channel.stalling) this.#channels.delete(channel)
        this.observer?.ended?.(channel)
      },
    }
  }

  /** 32 hexadecimal characters over every delivery (time, channel, bytes) and every note so far. */
  digest(): string {
    return this.#digest.hex()
  }

  /** Puts something that happened above the channels into the digest and the history. */
  note(what: string): void {
    if (this.#digests) {
      this.#digest.addNumber(this.clock.now())
      this.#digest.addText(what)
    }
    this.#history.push(`${this.clock.now()} ms: ${what}`)
    if (this.#history.length > historyLinesMax) this.#history.splice(0, historyLinesMax / 2)
  }

  /** The last notes, for people who look for a mistake. */
  history(): readonly string[] {
    return this.#history
  }

  /** The running process of that name; started when there is none. */
  node(name: string): SimNode {
    const running = this.running(name)
    if (running !== undefined) return running
    const node = new SimNode(name, this.clock, this.#performed)
    this.#nodes.set(name, node)
    return node
  }

  /** The process of that name, if there is one. */
  running(name: string): SimNode | undefined {
    const node = this.#nodes.get(name)
    return node?.alive === true ? node : undefined
  }

  /** Ends a process. `told`: the other ends of its channels hear of it, as when a tab closes; else they hear nothing. */
  kill(name: string, told: boolean): void {
    const node = this.#nodes.get(name)
    if (node === undefined) return
    this.#listeners.delete(name)
    for (const channel of this.#channels) {
      if (channel.node !== node) continue
      if (told) channel.close('process ended')
      else this.#channels.delete(channel)
    }
    node.kill()
  }

  /** Answers dials to this name. The channel is not started yet. */
  listen(name: string, accept: (channel: Channel, from: string) => void): void {
    this.#listeners.set(name, accept)
  }

  /** Opens a pipe between two nodes at once: the end of `from` (the dialer), then the end of `to`. */
  connect(from: string, to: string, options: SimPipeOptions = {}): [SimChannel, SimChannel] {
    const id = this.#nextChannel
    this.#nextChannel += 1
    const dialer = this.#end(id, 'dialer', from, to, options)
    const listener = this.#end(id, 'listener', to, from, options)
    dialer.join(listener)
    listener.join(dialer)
    return [dialer, listener]
  }

  /**
   * As over a real network: takes a round trip, fails where nobody listens, hangs for a while in silence. Rejects with
   * RELAY_UNREACHABLE, or ABORTED by the signal.
   */
  dial(from: string, to: string, options: SimPipeOptions & { readonly signal?: AbortSignal | undefined } = {}): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const cancel = this.dialThen(from, to, options, (outcome) => {
        if (outcome instanceof MeshError) reject(outcome)
        else resolve(outcome)
      })
      const abort = (): void => {
        cancel()
        reject(new MeshError('ABORTED', `${to} from ${from}: the dial was aborted`))
      }
      options.signal?.addEventListener('abort', abort, { once: true })
      if (options.signal?.aborted === true) abort()
    })
  }

  /** `dial` without promises, for worlds that run in one go. The returned function cancels; `done` is not called then. */
  dialThen(from: string, to: string, options: SimPipeOptions, done: (outcome: Channel | MeshError) => void): () => void {
    const caller = this.node(from)
    const there = this.path(from, to)
    const back = this.path(to, from)
    let waiting = true
    const finish = (outcome: Channel | MeshError): void => {
      if (waiting) caller.perform(() => done(outcome))
      waiting = false
    }
    const refuse = (why: string): void => finish(new MeshError('RELAY_UNREACHABLE', `${to} from ${from}: ${why}`))
    const answer = (): void => {
      if (!waiting || !caller.alive) return
      const accept = this.#listeners.get(to)
      if (accept === undefined || there.state !== 'open') return refuse('nobody listens')
      const [dialer, listener] = this.connect(from, to, options)
      this.node(to).perform(() => accept(listener, from))
      this.clock.setTimer(back.latencyMs, () => {
        if (waiting && caller.alive) finish(dialer)
        else dialer.close('dial aborted')
      })
    }
    if (there.state === 'open' && back.state === 'open') this.clock.setTimer(there.latencyMs, answer)
    else
      this.clock.setTimer(there.state === 'cut' ? there.latencyMs : dialTimeoutMs, () =>
        refuse(`the way was ${there.state} > ${back.state}`),
      )
    return () => {
      waiting = false
    }
  }

  /** The way from one node to another, to be read and changed. `state` is changed by the methods below. */
  path(from: string, to: string): SimPath {
    const key = `${from} > ${to}`
    const known = this.#paths.get(key)
    if (known !== undefined) return known
    const { latencyMs = 10, jitterMs = 0, loss = 0 } = this.#options
    const path: SimPath = { latencyMs, jitterMs, loss, corruption: 0, duplication: 0, reordering: 0, state: 'open' }
    this.#paths.set(key, path)
    return path
  }

  /** Ends the channels between two nodes, told to both, and lets no new ones through. */
  cut(one: string, other: string): void {
    this.#setState(one, other, 'cut')
    this.#setState(other, one, 'cut')
    for (const channel of this.#between(one, other)) channel.lose('cut')
  }

  /** Whatever `from` sends to `to` vanishes, and nobody is told. For a silent cut, silence both ways. */
  silence(from: string, to: string): void {
    this.#setState(from, to, 'silent')
  }

  /** Nothing moves from `from` to `to` until it is healed; then everything arrives. */
  stall(from: string, to: string): void {
    this.#setState(from, to, 'stalled')
  }

  /** Both ways are open and without loss again. What vanished stays lost. */
  heal(one: string, other: string): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const path = this.path(from, to)
      path.loss = this.#options.loss ?? 0
      path.corruption = path.duplication = path.reordering = 0
      this.#setState(from, to, 'open')
    }
    for (const channel of this.#between(one, other)) channel.resume()
  }

  healAll(): void {
    for (const key of this.#paths.keys()) {
      const [one = '', other = ''] = key.split(' > ')
      this.heal(one, other)
    }
  }

  #setState(from: string, to: string, state: SimPath['state']): void {
    this.path(from, to).state = state
  }

  #end(id: number, role: 'dialer' | 'listener', at: string, away: string, options: SimPipeOptions): SimChannel {
    const channel = new SimChannel({
      id: role === 'dialer' ? id * 2 : id * 2 + 1,
      role,
      node: this.node(at),
      path: this.path(at, away),
      transport: this.#transport,
      medium: options.medium ?? 'websocket',
      carries: options.carries ?? 'frames',
      label: `sim ${at} > ${away}`,
    })
    this.#channels.add(channel)
    return channel
  }

  #between(one: string, other: string): SimChannel[] {
    const labels = [`sim ${one} > ${other}`, `sim ${other} > ${one}`]
    return [...this.#channels].filter((channel) => labels.includes(channel.label))
  }

  #delivered(channel: SimChannel, message: Uint8Array, harmed: boolean): void {
    this.deliveries += 1
    this.observer?.delivered?.(channel, message, harmed)
    if (!this.#digests) return
    this.#digest.addNumber(this.clock.now())
    this.#digest.addNumber(channel.id)
    this.#digest.addBytes(message)
  }
}
