import { memoryChannelPair } from '@hopmesh/core'
import { createMesh, nodeClock, type Mesh } from '@hopmesh/server'
import type { Edge } from '../simulated/random-regular-graph.ts'

export interface BroadcastWork {
  readonly edges: readonly Edge[]
  readonly count: number
  readonly warmUp: number
  readonly publications: number
  readonly bytes: number
  readonly everyMs: number
}

export interface BroadcastResult {
  /** Payloads on links, a publication. */
  readonly sends: number
  /** From each publication to its last hearer. */
  readonly lastMs: readonly number[]
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function until(over: () => boolean): Promise<void> {
  while (!over()) await new Promise<void>((resolve) => void setImmediate(resolve))
}

/** Flag 2 of a mesh packet. */
function isBroadcast(packet: Uint8Array): boolean {
  return ((packet[1] ?? 0) & 2) !== 0
}

/** Members of one process, joined in memory, with all that a member has: keys, sessions, records. */
export async function meshBroadcasts({ edges, count, warmUp, publications, bytes, everyMs }: BroadcastWork): Promise<BroadcastResult> {
  const meshes = Array.from({ length: count }, (_, at) =>
    createMesh({ name: `node-${at}`, network: 'bench', relays: [], links: { degree: 0 } }),
  )
  let sends = 0
  let heard = 0
  for (const mesh of meshes) {
    await mesh.ready
    mesh.on('message', () => void (heard += 1))
  }
  for (const [one, other] of edges) join(meshes[one]!, meshes[other]!)
  await pause(1_000)
  for (const mesh of meshes) {
    for (const link of mesh.router.links()) {
      const send = link.sendPacket.bind(link)
      link.sendPacket = (packet, from) => {
        if (packet instanceof Uint8Array && isBroadcast(packet)) sends += 1
        return send(packet, from)
      }
    }
  }
  const lastMs: number[] = []
  let sent = 0
  for (let at = 0; at < warmUp + publications; at += 1) {
    const before = sends
    heard = 0
    const startedAt = performance.now()
    await meshes[(at * 7) % count]!.broadcast(new Uint8Array(bytes).fill(at))
    await until(() => heard >= count - 1 || performance.now() - startedAt > 2_000)
    if (at >= warmUp) lastMs.push(performance.now() - startedAt)
    await pause(everyMs)
    if (at >= warmUp) sent += sends - before
  }
  await Promise.all(meshes.map((mesh) => mesh.close()))
  return { sends: sent / publications, lastMs }
}

function join(one: Mesh, other: Mesh): void {
  const [dialer, listener] = memoryChannelPair(nodeClock)
  one.router.addChannel(dialer)
  other.router.addChannel(listener)
}
