// Routers of ours in a simulated network, each of which counts what it says. Cryptography is the toy port's, so that a
// thousand nodes take minutes; the port is also where control messages are looked at before they are sealed.
import type { Crypto, Router } from '@hopmesh/core'
import { SeededDice, SimNetwork, toyCrypto } from '@hopmesh/core/testing'
import { toyRouter } from '../toy-router.ts'
import { CountedChannel, type Sent } from './counted-channel.ts'
import type { Edge } from './random-regular-graph.ts'

export interface MeshNode {
  readonly name: string
  readonly router: Router
  readonly sent: Sent
}

const messageTypes = { routes: 1, ping: 5, pong: 6 } as const
/** Of a `routes` message: it names everything, and this is its first part. */
const completeFirst = 3
const sealBytes = 17

export class CountedMesh {
  readonly network: SimNetwork
  readonly dice: SeededDice
  readonly nodes: MeshNode[] = []
  readonly #latencyMs: readonly [number, number]

  constructor(seed: number, latencyMs: readonly [number, number]) {
    this.network = new SimNetwork(seed)
    this.dice = new SeededDice(seed)
    this.#latencyMs = latencyMs
  }

  static regular(seed: number, edges: readonly Edge[], count: number): CountedMesh {
    const mesh = new CountedMesh(seed, [20, 84])
    for (let at = 0; at < count; at++) mesh.add('member')
    for (const edge of edges) mesh.link(edge)
    return mesh
  }

  /** The place of a new node without links. */
  add(kind: 'member' | 'relay'): number {
    const name = `${kind}${this.nodes.length}`
    const sent: Sent = { bytes: 0, aliveBytes: 0, entries: 0, dumps: 0 }
    const dice = this.dice.fork(name)
    const { clock } = this.network.node(name)
    const router = toyRouter(name, kind, { clock, dice, crypto: watched(toyCrypto(dice), sent) })
    return this.nodes.push({ name, router, sent }) - 1
  }

  link([one, other]: Edge): void {
    const [a, b] = [this.nodes[one]!, this.nodes[other]!]
    const latencyMs = this.dice.between(...this.#latencyMs)
    this.network.heal(a.name, b.name)
    this.network.path(a.name, b.name).latencyMs = latencyMs
    this.network.path(b.name, a.name).latencyMs = latencyMs
    const [dialer, listener] = this.network.connect(a.name, b.name)
    a.router.addChannel(new CountedChannel(dialer, a.sent))
    b.router.addChannel(new CountedChannel(listener, b.sent))
  }

  /** Both ends see the link end at this moment. */
  cut([one, other]: Edge): void {
    this.network.cut(this.nodes[one]!.name, this.nodes[other]!.name)
  }

  /** The process ends without a word, and its neighbours notice at this moment. */
  crash(at: number, edges: readonly Edge[]): void {
    for (const edge of edges) if (edge.includes(at)) this.cut(edge)
    this.network.kill(this.nodes[at]!.name, false)
  }

  run(ms: number): void {
    this.network.clock.runFor(ms)
  }

  /** What each node says while `ms` pass. */
  listen(ms: number): Sent[] {
    const before = this.nodes.map(({ sent }) => ({ ...sent }))
    this.run(ms)
    return this.nodes.map(({ sent }, at) => {
      const since = before[at]!
      return {
        bytes: sent.bytes - since.bytes,
        aliveBytes: sent.aliveBytes - since.aliveBytes,
        entries: sent.entries - since.entries,
        dumps: sent.dumps - since.dumps,
      }
    })
  }
}

/** Only control frames are sealed without associated data. */
function watched(crypto: Crypto, sent: Sent): Crypto {
  return {
    ...crypto,
    seal(key, nonce, associated, plain) {
      if (associated.length === 0) look(plain, sent)
      return crypto.seal(key, nonce, associated, plain)
    },
  }
}

function look(plain: Uint8Array, sent: Sent): void {
  let onlyAlive = true
  for (let at = 0; at < plain.length;) {
    const [length, start] = varint(plain, at)
    const type = plain[start]!
    if (type !== messageTypes.ping && type !== messageTypes.pong) onlyAlive = false
    if (type === messageTypes.routes) {
      sent.entries += varint(plain, start + 2)[0]
      if ((plain[start + 1]! & completeFirst) === completeFirst) sent.dumps++
    }
    at = start + length
  }
  if (onlyAlive) sent.aliveBytes += plain.length + sealBytes
}

/** The number and where it ended. */
function varint(bytes: Uint8Array, start: number): [number, number] {
  let [value, scale, at] = [0, 1, start]
  for (;;) {
    const byte = bytes[at++]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return [value, at]
    scale *= 128
  }
}
