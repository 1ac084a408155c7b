import { withMesh } from './open-mesh.ts'
import { milliseconds, printLine, span, table } from './output.ts'
import { settled } from './settle.ts'
import type { Settings } from './settings.ts'

/** Everybody that can be reached, the relay included. */
export async function runPeers(url: string, settings: Settings): Promise<void> {
  await withMesh(url, settings, async (mesh) => {
    const peers = await settled(mesh, () =>
      [...mesh.peers.values()].map(({ address, name, kind, state, hops, cost, via, startedAt }) => ({
        address,
        name,
        kind,
        state,
        hops,
        cost,
        via,
        startedAt,
      })),
    )
    const rows = peers.map((peer) => {
      const roundTripMs = mesh.peer(peer.address)?.roundTripMs
      const roundTrip = roundTripMs === undefined ? '' : milliseconds(roundTripMs)
      return [
        peer.address,
        peer.name,
        peer.kind,
        peer.state,
        String(peer.hops),
        String(peer.cost),
        peer.via === peer.address ? 'direct' : peer.via,
        roundTrip,
        up(peer.startedAt),
      ]
    })
    printLine(settings, peers, table(['ADDRESS', 'NAME', 'KIND', 'STATE', 'HOPS', 'COST', 'VIA', 'ROUND TRIP', 'UP'], rows))
  })
}

/** Everything that can be called. */
export async function runServices(url: string, settings: Settings): Promise<void> {
  await withMesh(url, settings, async (mesh) => {
    const services = await settled(mesh, () =>
      mesh.services.list().map(({ service, address, name, kind, load, hops }) => ({
        service,
        address,
        name,
        kind,
        load,
        hops,
        startedAt: mesh.peer(address)?.startedAt,
      })),
    )
    const rows = services.map((one) => [
      one.service,
      one.address,
      one.name,
      one.kind,
      one.load.toFixed(2),
      String(one.hops),
      up(one.startedAt),
    ])
    printLine(settings, services, table(['SERVICE', 'ADDRESS', 'NAME', 'KIND', 'LOAD', 'HOPS', 'UP'], rows))
  })
}

/** For how long the process has been running, by its own word. */
function up(startedAt: number | undefined): string {
  return startedAt === undefined ? '' : span(Math.max(0, Date.now() - startedAt))
}
