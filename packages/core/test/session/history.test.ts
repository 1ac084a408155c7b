import { describe, expect, it } from 'vitest'
import { bytesOf, SessionWorld, textOf, type WorldNode } from './session-world.ts'

interface History {
  /** Promises that resolved. */
  readonly delivered: Set<string>
  readonly failed: Map<string, string>
  waiting: number
}

function say(history: History, from: WorldNode, to: WorldNode, text: string, size = 0): void {
  history.waiting += 1
  const data = new Uint8Array(Math.max(size, text.length + 1))
  data.set(bytesOf(`${text}|`))
  from.sessions
    .to(to.address)
    .message(data, (['urgent', 'normal', 'bulk'] as const)[size % 3])
    .then(
      () => history.delivered.add(text),
      (error: { code: string }) => history.failed.set(text, error.code),
    )
    .finally(() => (history.waiting -= 1))
}

function heard(node: WorldNode): string[] {
  return node.messages.map(({ data }) => textOf(data.subarray(0, 40)).split('|')[0]!)
}

/** Ordered bytes whose every byte is told by its place. */
function patternAt(offset: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => ((offset + index) * 131) >>> 3)
}

function hasPattern(bytes: Uint8Array, offset: number): boolean {
  return patternAt(offset, bytes.length).every((byte, index) => byte === bytes[index])
}

describe('whatever the network does', () => {
  it.each(Array.from({ length: 8 }, (_, seed) => seed))(
    'ALN-19 every message arrives once, and every byte of every stream (seed %i)',
    async (seed) => {
      const world = new SessionWorld({ seed, ...(seed % 4 === 3 && { cryptoMsMax: 3 }) })
      const nodes = [world.node('ada'), world.node('bob'), world.node('eve')]
      const { dice, weather } = world
      const history: History = { delivered: new Set(), failed: new Map(), waiting: 0 }
      const streamed: Promise<unknown>[] = []
      let said = 0
      for (let step = 0; step < 300; step += 1) {
        const [from, to] = dice.chance(0.5) ? [nodes[0]!, nodes[1 + dice.between(0, 1)]!] : [nodes[1]!, nodes[0]!]
        if (dice.chance(0.7)) say(history, from, to, `m${said++}`, dice.chance(0.1) ? dice.between(1, 400_000) : dice.between(0, 200))
        if (dice.chance(0.02)) streamed.push(pour(world, from, to, dice.between(0, 300_000)))
        if (dice.chance(0.03))
          Object.assign(weather, { loss: dice.pick([0, 0.1, 0.3]), doubled: dice.pick([0, 0.1]), jitterMs: dice.pick([0, 5, 60]) })
        if (dice.chance(0.03)) changeRoute(world, nodes)
        // A cut that heals: shorter than what a session waits for.
        if (dice.chance(0.01)) {
          const before = world.tap
          world.tap = () => undefined
          await world.advance(dice.between(100, 8_000))
          world.tap = before
        }
        // Somebody claims that a session is unknown: a hint leads to a new handshake, and nothing is lost by it.
        if (dice.chance(0.03)) claimUnknown(world, from, to)
        await world.advance(dice.between(0, 60))
      }
      Object.assign(weather, { loss: 0.1 })
      await world.clock.advanceUntil(() => history.waiting === 0, 300_000)
      await world.settle(Promise.all(streamed), 300_000)
      expect([...history.failed]).toEqual([])
      const all = nodes.flatMap((node) => heard(node))
      expect(all.length).toBe(said)
      expect(new Set(all)).toEqual(history.delivered)
    },
  )

  it.each([1, 2, 3, 4])(
    'ALN-19 peers that restart: what was confirmed was heard, nothing is heard twice by one process (seed %i)',
    async (seed) => {
      const world = new SessionWorld({ seed: `restarts ${seed}` })
      Object.assign(world.weather, { loss: 0.1, doubled: 0.05, jitterMs: 10 })
      const ada = world.node('ada')
      let bob = world.node('bob', { epoch: 1_000 })
      const history: History = { delivered: new Set(), failed: new Map(), waiting: 0 }
      const lives: WorldNode[] = [bob]
      for (let step = 0; step < 400; step += 1) {
        say(history, ada, bob, `m${step}`, world.dice.between(0, 3_000))
        if (world.dice.chance(0.3)) say(history, bob, ada, `b${step}`)
        await world.advance(world.dice.between(0, 80))
        if (step % 80 === 79) {
          world.kill(bob)
          await world.advance(world.dice.between(0, 3_000))
          bob = world.node('bob', { again: bob, epoch: 1_000 + lives.length })
          lives.push(bob)
          // The new process has something to say, as one that joins does; an old one is only found out by a notice.
          if (world.dice.chance(0.5)) say(history, bob, ada, `hello again ${step}`)
        }
      }
      // What the killed processes had to say will never settle.
      await world.advance(200_000)
      const once = lives.flatMap((life) => heard(life))
      for (const life of lives) expect(new Set(heard(life)).size).toBe(heard(life).length)
      expect(new Set(heard(ada)).size).toBe(ada.messages.length)
      for (const text of history.delivered) expect(text.startsWith('m') ? once : heard(ada)).toContain(text)
      expect(new Set(history.failed.values())).toEqual(new Set(history.failed.size > 0 ? ['OUTCOME_UNKNOWN'] : []))
      for (let step = 0; step < 400; step += 1) expect(history.delivered.has(`m${step}`) || history.failed.has(`m${step}`)).toBe(true)
      // The present life is in good order with the other side.
      await world.settle(
        ada.sessions
          .to(bob.address)
          .message(bytesOf('is anybody there|'))
          .catch(() => {}),
      )
      await world.settle(ada.sessions.to(bob.address).message(bytesOf('at last|')))
      expect(heard(bob).at(-1)).toBe('at last')
    },
  )
})

async function pour(world: SessionWorld, from: WorldNode, to: WorldNode, size: number): Promise<void> {
  const stream = from.sessions.to(to.address).openStream('bulk')
  for (let at = 0; at < size;) {
    const length = Math.min(size - at, world.dice.between(1, 40_000))
    await stream.write(patternAt(at, length))
    at += length
  }
  const ended = stream.end()
  const other = await new Promise<WorldNode['streams'][number]>((resolve) => {
    const look = (): void => {
      const found = to.streams.find(({ id, peer }) => id === stream.id && peer === from.address)
      if (found) resolve(found)
      else world.clock.setTimer(20, look)
    }
    look()
  })
  let at = 0
  for (let bytes = await other.read(); bytes !== undefined; bytes = await other.read()) {
    expect(hasPattern(bytes, at)).toBe(true)
    at += bytes.length
  }
  expect(at).toBe(size)
  await ended
  await other.end()
}

function changeRoute(world: SessionWorld, nodes: readonly WorldNode[]): void {
  world.weather.latencyMs = world.dice.pick([2, 25, 200, 600])
  for (const node of nodes) for (const other of nodes) if (node !== other) node.sessions.routeChanged(other.address)
}

function claimUnknown(world: SessionWorld, from: WorldNode, to: WorldNode): void {
  const connection = from.sessions.get(to.address)?.connection
  if (!connection) return
  const id = Uint8Array.from(connection.peerId, (character) => character.charCodeAt(0))
  world.deliver({ from: to.address, to: from.address, data: Uint8Array.of(5, ...id) })
}
