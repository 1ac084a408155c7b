import { createMesh, memoryChannelPair, silentLog, webCrypto, type Crypto, type Mesh } from '@hopmesh/core'
import { nobleCrypto } from '@hopmesh/core/noble'
import { lateParts } from '@hopmesh/core/late'
import { createMesh as createNodeMesh, nodeClock, nodeDice } from '@hopmesh/server'
import { quantile, type Bench, type BenchRow } from './bench-row.ts'

/** Pairs of a round: each makes one link and one session, both in a network with a key. */
const pairs = 50
const rounds = 5
const goalMs = 5
const options = { network: 'bench', key: new Uint8Array(32).fill(7), relays: [], links: { degree: 0, webrtc: false } }

function memberWith(crypto: Crypto): Mesh {
  return createMesh(options, {
    clock: nodeClock,
    dice: nodeDice,
    log: silentLog,
    crypto,
    loadIdentity: async () => ({ keyPair: await crypto.generateKeyPair() }),
    dialRelay: () => Promise.reject(new Error('there are no relays here')),
    late: () => lateParts,
    peerDialers: [],
    warnings: [],
  })
}

/** Waiting in turns of the event loop would be CPU as well. */
function heardOf(one: Mesh, other: Mesh): Promise<void> {
  return new Promise((resolve) => {
    const off = one.on('peer', ({ address }) => {
      if (address !== other.address) return
      off()
      resolve()
    })
  })
}

/** Both sides are in this process: half of what it uses is one side's. */
async function cpuMsOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000 / pairs / 2
}

async function linked(one: Mesh, other: Mesh): Promise<void> {
  const [dialer, listener] = memoryChannelPair(nodeClock, {})
  other.router.addChannel(listener)
  one.router.addChannel(dialer)
  await Promise.all([heardOf(one, other), heardOf(other, one)])
}

/** A member signs its record with its first link, once and not for each handshake. */
async function signed(member: () => Mesh): Promise<Mesh> {
  const [mesh, guest] = [member(), member()]
  await Promise.all([mesh.ready, guest.ready])
  await linked(mesh, guest)
  await guest.close()
  return mesh
}

async function round(member: () => Mesh): Promise<{ link: number; session: number }> {
  const members: (readonly [Mesh, Mesh])[] = []
  for (let pair = 0; pair < pairs; pair += 1) members.push([await signed(member), await signed(member)])
  const link = await cpuMsOf(async () => {
    for (const [one, other] of members) await linked(one, other)
  })
  const session = await cpuMsOf(async () => {
    for (const [one, other] of members) await one.ping(other.address)
  })
  await Promise.all(members.flat().map((mesh) => mesh.close()))
  return { link, session }
}

/** What a handshake costs one side, in milliseconds of CPU: that of a link, and that of a session with its first two questions. */
export const handshakeBench: Bench = {
  name: 'handshake',
  async run(): Promise<BenchRow[]> {
    const ports: [string, () => Mesh][] = [
      ['node:crypto (Node.js members, relays)', () => createNodeMesh(options)],
      ['WebCrypto (pages)', () => memberWith(webCrypto(globalThis.crypto.subtle))],
      ['@noble (pages over plain http)', () => memberWith(nobleCrypto(nodeDice))],
    ]
    for (const [name, member] of ports) {
      await round(member)
      const measured: { link: number; session: number }[] = []
      for (let count = 0; count < rounds; count += 1) measured.push(await round(member))
      const [link, session] = (['link', 'session'] as const).map((of) =>
        quantile(
          measured.map((one) => one[of]),
          0.5,
        ),
      )
      const shown = (ms: number | undefined): string => `${ms?.toFixed(2)} ms`
      console.log(`handshake, ${name}: ${shown(link)} of CPU a side for a link, ${shown(session)} for a session (goal ≤ ${goalMs} ms)`)
    }
    return []
  },
}
