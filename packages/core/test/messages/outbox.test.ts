import { afterEach, describe, expect, it } from 'vitest'
import type { MeshError } from '../../src/errors/mesh-error.ts'
import type { Environment } from '../../src/mesh/environment.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { Delivery, Message } from '../../src/messages/message.ts'
import { lettersMax, storedMax } from '../../src/messages/outbox.ts'
import { SimStore } from '../../src/testing/simulator/sim-store.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

interface Heard {
  readonly mesh: Mesh
  readonly texts: unknown[]
  readonly messages: Message[]
  readonly deliveries: Delivery[]
}

function listening(mesh: Mesh): Heard {
  const heard: Heard = { mesh, texts: [], messages: [], deliveries: [] }
  mesh.on('message', (message) => {
    heard.texts.push(message.parts[0])
    heard.messages.push(message)
  })
  mesh.on('delivery', (delivery) => void heard.deliveries.push(delivery))
  return heard
}

async function pair(seed: number, environment?: (environment: Environment) => Environment): Promise<{ ada: Heard; bob: Heard }> {
  world = new MeshWorld(seed)
  world.relay()
  const ada = listening(world.member('ada', environment ? { environment } : {}))
  const bob = listening(world.member('bob'))
  await world.acquainted(ada.mesh, bob.mesh)
  return { ada, bob }
}

/** As a tab that is closed, and perhaps opened again: nobody is asked. */
function kill(...names: string[]): void {
  for (const name of names) world.sim.network.kill(name, true)
}

/** Another tab of ada's profile. */
const secondTab = (same: Environment): Environment => ({
  ...same,
  loadIdentity: async (crypto) => ({
    ...(await same.loadIdentity(crypto)),
    keyPair: world.sim.keyPairOf('ada'),
    store: new SimStore(world.sim.network.node('tab'), world.sim.storeOf('ada')),
  }),
})

/** What a profile without storage has. */
const ephemeral = (same: Environment): Environment => ({
  ...same,
  loadIdentity: async (crypto) => ({ ...(await same.loadIdentity(crypto)), store: undefined }),
})

describe('send to a member that is away', () => {
  it('PP-19 PY-11 is stored, and delivered once when the member is back', async () => {
    const { ada, bob } = await pair(1)
    const { address, who } = bob.mesh
    kill('bob')
    await world.clock.advance(5_000)
    const sent = await world.settle(ada.mesh.send(address, 'for later', 'two parts'))
    expect(sent).toEqual({ id: sent.id, state: 'stored', durable: true })
    expect(ada.mesh.outbox.list()).toMatchObject([{ id: sent.id, to: who, parts: ['for later', 'two parts'] }])
    await world.clock.advance(600_000)
    expect(ada.deliveries).toEqual([])

    const back = listening(world.member('bob'))
    await world.clock.advance(10_000)
    expect(back.messages).toMatchObject([{ id: sent.id, from: ada.mesh.address, parts: ['for later', 'two parts'], verified: true }])
    expect(ada.deliveries).toEqual([{ id: sent.id, to: who, state: 'delivered' }])
    expect(ada.mesh.outbox.list()).toEqual([])
    await world.clock.advance(600_000)
    expect(back.texts).toHaveLength(1)
  })

  it('PP-19 SE4 by who: another tab of the same member takes it', async () => {
    const { ada, bob } = await pair(2)
    const { address, who } = bob.mesh
    kill('bob')
    await world.clock.advance(5_000)
    await world.settle(ada.mesh.send(address, 'whoever is there'))
    const tab = (same: Environment): Environment => ({
      ...same,
      loadIdentity: async (crypto) => ({ ...(await same.loadIdentity(crypto)), tab: 'new2' }),
    })
    const back = listening(world.member('bob', { environment: tab }))
    await world.clock.advance(10_000)
    expect([back.mesh.who, back.mesh.address]).toEqual([who, `${who}.new2`])
    expect(back.texts).toEqual(['whoever is there'])
  })

  it('PP-19 is sent by the next process of the sender, with the id that was told', async () => {
    const { ada, bob } = await pair(3)
    const { address } = bob.mesh
    kill('bob')
    await world.clock.advance(5_000)
    const first = await world.settle(ada.mesh.send(address, 'one'))
    const second = await world.settle(ada.mesh.send(address, 'two'))
    kill('ada')
    await world.clock.advance(60_000)
    const again = listening(world.member('ada'))
    await world.clock.advance(5_000)
    expect(again.mesh.outbox.list().map(({ id }) => id)).toEqual([first.id, second.id])
    const back = listening(world.member('bob'))
    await world.clock.advance(60_000)
    expect(back.texts.toSorted()).toEqual(['one', 'two'])
    expect(again.deliveries.map(({ id, state }) => [id, state]).toSorted()).toEqual(
      [
        [first.id, 'delivered'],
        [second.id, 'delivered'],
      ].toSorted(),
    )
    kill('ada')
    const third = listening(world.member('ada'))
    await world.clock.advance(60_000)
    expect([third.mesh.outbox.list(), back.texts.length]).toEqual([[], 2])
  })

  it('PP-19 is sent by another tab of the sender when its own was closed, and told there', async () => {
    const { ada, bob } = await pair(13)
    const { address, who } = bob.mesh
    const other = listening(world.member('tab', { name: 'ada', environment: secondTab }))
    await world.settle(other.mesh.ready)
    expect(other.mesh.who).toBe(ada.mesh.who)
    kill('bob')
    await world.clock.advance(5_000)
    const { id } = await world.settle(ada.mesh.send(address, 'left behind'))
    kill('ada')
    await world.clock.advance(180_000)
    const back = listening(world.member('bob'))
    await world.clock.advance(60_000)
    expect(back.texts).toEqual(['left behind'])
    expect(other.deliveries).toEqual([{ id, to: who, state: 'delivered' }])
    await world.clock.advance(600_000)
    expect([back.texts.length, other.deliveries.length, other.mesh.outbox.list().length]).toEqual([1, 1, 0])
  })

  it('PP-19 what was dropped in one tab is not delivered by another one that had taken it over', async () => {
    const { ada, bob } = await pair(15)
    const { address } = bob.mesh
    const other = listening(world.member('tab', { name: 'ada', environment: secondTab }))
    await world.settle(other.mesh.ready)
    kill('bob')
    await world.clock.advance(5_000)
    const { id } = await world.settle(ada.mesh.send(address, 'better not'))
    const kept = await world.settle(ada.mesh.send(address, 'but this'))
    await world.clock.advance(180_000)
    expect(other.mesh.outbox.list()).toHaveLength(2)
    expect(ada.mesh.outbox.drop(id)).toBe(true)
    await world.clock.advance(70_000)
    expect(other.mesh.outbox.list().map((message) => message.id)).toEqual([kept.id])
    const back = listening(world.member('bob'))
    await world.clock.advance(60_000)
    expect([back.texts, other.deliveries.filter((told) => told.id === id)]).toEqual([['but this'], []])
  })

  it('an identity that ends with its process stores for as long as it lives, and says so', async () => {
    const { ada, bob } = await pair(4, ephemeral)
    const { address } = bob.mesh
    kill('bob')
    await world.clock.advance(5_000)
    expect(await world.settle(ada.mesh.send(address, 'soon'))).toMatchObject({ state: 'stored', durable: false })
    const back = listening(world.member('bob'))
    await world.clock.advance(10_000)
    expect(back.texts).toEqual(['soon'])
  })

  it('a store that fails is a warning, and what is stored ends with the process', async () => {
    const { ada, bob } = await pair(5, (same) => ({
      ...same,
      loadIdentity: async (crypto) => {
        const full = (): never => {
          throw new Error('the disk is full')
        }
        return { ...(await same.loadIdentity(crypto)), store: { list: async () => [], set: full, add: full, delete: full } }
      },
    }))
    const { address } = bob.mesh
    await world.settle(bob.mesh.send('ada', 'still taken'))
    await world.settle(bob.mesh.send('ada', 'and again'))
    expect(ada.texts).toEqual(['still taken', 'and again'])
    kill('bob')
    await world.clock.advance(5_000)
    expect(await world.settle(ada.mesh.send(address, 'x'))).toMatchObject({ state: 'stored', durable: false })
    expect(ada.mesh.warnings.filter(({ code }) => code === 'STORAGE_FAILED')).toHaveLength(1)
  })

  it('is dropped when its time to live is over, and a drop is one', async () => {
    const { ada, bob } = await pair(6)
    const { address, who } = bob.mesh
    kill('bob')
    await world.clock.advance(5_000)
    const brief = await world.settle(ada.mesh.with({ ttlMs: 120_000 }).send(address, 'soon or never'))
    const dropped = await world.settle(ada.mesh.send(address, 'not any more'))
    expect([ada.mesh.outbox.drop(dropped.id), ada.mesh.outbox.drop(dropped.id)]).toEqual([true, false])
    await world.clock.advance(180_000)
    expect(ada.deliveries).toEqual([{ id: brief.id, to: who, state: 'expired' }])
    const back = listening(world.member('bob'))
    await world.clock.advance(60_000)
    expect([back.texts, ada.mesh.outbox.list()]).toEqual([[], []])
  })

  it('is not delivered once its time to live is over, however short that is', async () => {
    const { ada, bob } = await pair(14)
    const { address, who } = bob.mesh
    kill('bob')
    await world.clock.advance(5_000)
    const later = await world.settle(ada.mesh.with({ ttlMs: 20_000 }).send(address, 'within 20 s'))
    const soon = await world.settle(ada.mesh.with({ ttlMs: 6_000 }).send(address, 'within 6 s'))
    await world.clock.advance(5_000)
    expect(ada.deliveries).toEqual([{ id: soon.id, to: who, state: 'expired' }])
    const back = listening(world.member('bob'))
    await world.clock.advance(60_000)
    expect([back.texts, ada.deliveries.at(-1)]).toEqual([['within 20 s'], { id: later.id, to: who, state: 'delivered' }])
  })

  it('one that expired while the sender was away is told by the next process', async () => {
    const { ada, bob } = await pair(7)
    const { address } = bob.mesh
    kill('bob')
    await world.clock.advance(5_000)
    const { id } = await world.settle(ada.mesh.with({ ttlMs: 60_000 }).send(address, 'brief'))
    kill('ada')
    await world.clock.advance(120_000)
    const again = listening(world.member('ada'))
    await world.clock.advance(1_000)
    expect(again.deliveries).toMatchObject([{ id, state: 'expired' }])
  })

  it('ttlMs 0 stores nothing: NO_ROUTE to who is away, TIMEOUT from who is silent', async () => {
    const { ada, bob } = await pair(8)
    const now = ada.mesh.with({ ttlMs: 0, timeoutMs: 3_000 })
    world.sim.network.silence('relay', 'bob')
    expect((await world.settle(rejectionOf(now.send(bob.mesh.address, 'x')))).code).toBe('TIMEOUT')
    kill('bob')
    await world.clock.advance(60_000)
    expect((await world.settle(rejectionOf(now.send(bob.mesh.address, 'x')))).code).toBe('NO_ROUTE')
    expect(ada.mesh.outbox.list()).toEqual([])
  })

  it('one that does not answer within 10 s is stored, and delivered when the way is open again', async () => {
    const { ada, bob } = await pair(9)
    await world.settle(ada.mesh.send('bob', 'hello'))
    world.sim.network.silence('relay', 'bob')
    const since = world.clock.now()
    expect(await world.settle(ada.mesh.send(bob.mesh.address, 'into the silence'))).toMatchObject({ state: 'stored' })
    expect(world.clock.now() - since).toBeLessThanOrEqual(10_100)
    world.sim.network.heal('relay', 'bob')
    await world.clock.advance(120_000)
    expect(bob.texts).toEqual(['hello', 'into the silence'])
    expect(ada.deliveries).toMatchObject([{ state: 'delivered' }])
  })

  it('QUEUE_FULL when too many wait, and those that do are not disturbed', async () => {
    const { ada, bob } = await pair(10)
    const { address } = bob.mesh
    kill('bob')
    await world.clock.advance(5_000)
    const outcomes = Promise.allSettled(Array.from({ length: storedMax + 3 }, (_, index) => ada.mesh.send(address, String(index))))
    const rejected = (await world.settle(outcomes)).flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(rejected).toMatchObject([{ code: 'QUEUE_FULL' }, { code: 'QUEUE_FULL' }, { code: 'QUEUE_FULL' }])
    const large = ada.mesh.send(address, new Uint8Array(1_000))
    expect((await world.settle(rejectionOf(large))).code).toBe('QUEUE_FULL')
    const back = listening(world.member('bob'))
    await world.clock.advance(60_000)
    expect(new Set(back.texts).size).toBe(storedMax)
    expect(back.texts).toEqual(Array.from({ length: storedMax }, (_, index) => String(index)))
  })

  it('QUEUE_FULL for more messages on their way than 8 192, and those that were taken are delivered', async () => {
    const { ada, bob } = await pair(12)
    const outcomes = Promise.allSettled(
      Array.from({ length: lettersMax + 2 }, (_, index) => ada.mesh.send(bob.mesh.address, String(index))),
    )
    const settled = await world.settle(outcomes)
    expect(settled.flatMap((outcome) => (outcome.status === 'rejected' ? [(outcome.reason as MeshError).code] : []))).toEqual([
      'QUEUE_FULL',
      'QUEUE_FULL',
    ])
    expect(bob.texts).toHaveLength(lettersMax)
  })

  it('abort and close settle what waits, and nothing of it is sent later', async () => {
    const { ada, bob } = await pair(11)
    const { address } = bob.mesh
    kill('bob')
    await world.clock.advance(5_000)
    const controller = new AbortController()
    const aborted = rejectionOf(ada.mesh.with({ signal: controller.signal }).send(address, 'aborted'))
    controller.abort()
    expect((await world.settle(aborted)).code).toBe('ABORTED')
    const closed = rejectionOf(ada.mesh.send(address, 'closed'))
    await world.settle(ada.mesh.close())
    expect((await world.settle(closed)).code).toBe('CLOSED')
    expect((await world.settle(rejectionOf(ada.mesh.send(address, 'x')))).code).toBe('CLOSED')
    const [back] = [listening(world.member('bob')), listening(world.member('ada'))]
    await world.clock.advance(30_000)
    expect(back.texts).toEqual([])
  })
})

describe('a message that comes again', () => {
  /** Sends as if the answer had been lost: the sender dies in the moment in which the receiver has it. */
  async function answerLost(seed: number): Promise<{ bob: Heard; ada: Heard }> {
    const { ada, bob } = await pair(seed)
    await world.settle(ada.mesh.send('bob', 'hello'))
    // Ada says it, hears no answer, stores it.
    world.sim.network.silence('relay', 'ada')
    const sent = ada.mesh.send(bob.mesh.address, 'once')
    expect(await world.settle(sent)).toMatchObject({ state: 'stored' })
    expect(bob.texts).toEqual(['hello', 'once'])
    return { ada, bob }
  }

  it('PP-11 SE4 is taken once, also by the next process of the receiver', async () => {
    const { ada } = await answerLost(21)
    kill('bob')
    const back = listening(world.member('bob'))
    world.sim.network.heal('relay', 'ada')
    await world.clock.advance(120_000)
    expect(ada.deliveries).toMatchObject([{ state: 'delivered' }])
    expect(back.texts).toEqual([])
  })

  it('PP-11 SE4 is taken once, also from the next process of the sender', async () => {
    const { bob } = await answerLost(22)
    kill('ada')
    const again = listening(world.member('ada'))
    world.sim.network.heal('relay', 'ada')
    await world.clock.advance(120_000)
    expect(again.deliveries).toMatchObject([{ state: 'delivered' }])
    expect(bob.texts).toEqual(['hello', 'once'])
  })

  it('PP-11 equal words are two messages', async () => {
    const { ada, bob } = await pair(23)
    await world.settle(Promise.all([ada.mesh.send('bob', 'same'), ada.mesh.send('bob', 'same')]))
    expect(bob.texts).toEqual(['same', 'same'])
    expect(new Set(bob.messages.map(({ id }) => id)).size).toBe(2)
  })
})

describe('send to several', () => {
  it('PY-11 a Map of what became of each, unknown names and relays among them', async () => {
    const { ada, bob } = await pair(31)
    const eve = listening(world.member('eve'))
    await world.acquainted(ada.mesh, bob.mesh, eve.mesh)
    kill('eve')
    await world.clock.advance(5_000)
    const relay = [...ada.mesh.peers.values()].find(({ kind }) => kind === 'relay')?.address ?? ''
    const outcomes = await world.settle(ada.mesh.send(['bob', eve.mesh.address, 'nobody', relay], 'to all of you'))
    expect([...outcomes.keys()]).toEqual(['bob', eve.mesh.address, 'nobody', relay])
    expect(outcomes.get('bob')).toMatchObject({ status: 'fulfilled', value: { state: 'delivered' } })
    expect(outcomes.get(eve.mesh.address)).toMatchObject({ status: 'fulfilled', value: { state: 'stored' } })
    expect(outcomes.get('nobody')).toMatchObject({ status: 'rejected', reason: { code: 'UNKNOWN_NAME' } })
    expect(outcomes.get(relay)).toMatchObject({ status: 'rejected', reason: { code: 'NOT_A_MEMBER' } })
    expect(bob.texts).toEqual(['to all of you'])
    expect([...(bob.messages[0]?.to ?? [])].toSorted()).toEqual([eve.mesh.address, bob.mesh.address].toSorted())
  })

  it('PP-25 reply to one, reply to all, forward', async () => {
    const { ada, bob } = await pair(32)
    const eve = listening(world.member('eve'))
    await world.acquainted(ada.mesh, bob.mesh, eve.mesh)
    await world.settle(ada.mesh.send(['bob', 'eve', bob.mesh.address], 'who comes?'))
    expect([bob.texts, eve.texts]).toEqual([['who comes?'], ['who comes?']])
    const asked = bob.messages[0] as Message
    expect(await world.settle(asked.reply('I do'))).toMatchObject({ state: 'delivered' })
    expect(ada.messages).toMatchObject([{ parts: ['I do'], inReplyTo: asked.id, from: bob.mesh.address }])
    const { outcomes } = await world.settle(asked.replyAll('all of us'))
    expect([...outcomes.keys()].toSorted()).toEqual([ada.mesh.address, eve.mesh.address].toSorted())
    expect([ada.texts, eve.texts, bob.texts]).toEqual([['I do', 'all of us'], ['who comes?', 'all of us'], ['who comes?']])
    expect(eve.messages[1]?.inReplyTo).toBe(asked.id)
    await world.settle((eve.messages[1] as Message).forward('bob'))
    expect(bob.messages[1]).toMatchObject({ from: eve.mesh.address, parts: ['all of us'], inReplyTo: undefined })
    await world.settle(ada.mesh.broadcast('everybody?'))
    await world.clock.advance(1_000)
    await world.settle((bob.messages[2] as Message).replyAll('everybody!'))
    await world.clock.advance(1_000)
    expect([ada.texts.at(-1), eve.texts.at(-1)]).toEqual(['everybody!', 'everybody!'])
    expect(ada.messages.at(-1)).toMatchObject({ broadcast: true, inReplyTo: bob.messages[2]?.id })
  })

  it('too many, none, and what is no list', async () => {
    const { ada } = await pair(33)
    expect(
      (
        await world.settle(
          rejectionOf(
            ada.mesh.send(
              Array.from({ length: 65 }, () => 'x'),
              'x',
            ),
          ),
        )
      ).code,
    ).toBe('INVALID_OPTION')
    expect((await world.settle(rejectionOf(ada.mesh.send(7 as unknown as string, 'x')))).code).toBe('INVALID_OPTION')
    expect(await world.settle(ada.mesh.send([], 'x'))).toEqual(new Map())
    const outcomes = await world.settle(ada.mesh.send([7 as unknown as string, ''], 'x'))
    expect([...outcomes.values()]).toMatchObject([{ reason: { code: 'INVALID_OPTION' } }, { reason: { code: 'INVALID_OPTION' } }])
  })
})

describe('a reply', () => {
  it('PY-16 arrives at any distance, and to somebody gone it is stored', async () => {
    world = new MeshWorld(41)
    const names = ['ada', 'bob', 'cleo', 'dan', 'eve']
    const line = names.map((name) => listening(world.member(name, { relays: [] })))
    for (const { mesh } of line) await world.settle(mesh.ready)
    for (const [index, { mesh }] of line.entries()) if (index > 0) world.pipe(line[index - 1]?.mesh as Mesh, mesh)
    await world.acquainted(...line.map(({ mesh }) => mesh))
    const [ada, eve] = [line[0] as Heard, line[4] as Heard]
    const { id } = await world.settle(ada.mesh.send(eve.mesh.address, 'how far?'))
    const asked = eve.messages[0] as Message
    expect([asked.hops, asked.via, asked.from, asked.verified]).toEqual([4, line[3]?.mesh.address, ada.mesh.address, true])
    expect(await world.settle(asked.reply('four hops'))).toMatchObject({ state: 'delivered' })
    expect(ada.messages).toMatchObject([{ parts: ['four hops'], inReplyTo: id, hops: 4 }])
    kill('ada')
    await world.clock.advance(30_000)
    expect(await world.settle(asked.reply('are you there?'))).toMatchObject({ state: 'stored' })
  })
})
