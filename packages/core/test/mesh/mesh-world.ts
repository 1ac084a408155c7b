import { createMesh } from '../../src/mesh/create-mesh.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { joinMesh } from '../../src/mesh/join-mesh.ts'
import type { Environment } from '../../src/mesh/environment.ts'
import type { MeshOptions } from '../../src/mesh/create-mesh.ts'
import { silentLog, type Log } from '../../src/ports/log.ts'
import type { Router } from '../../src/routing/router.ts'
import { simEnvironment, simUrl } from '../../src/testing/simulator/sim-environment.ts'
import type { SimNetworkOptions } from '../../src/testing/simulator/sim-network.ts'
import { SimWorld } from '../../src/testing/simulator/sim-world.ts'
import type { VirtualClock } from '../../src/testing/virtual-clock.ts'

export interface MemberOptions extends MeshOptions {
  log?: Log
  environment?: (environment: Environment) => Environment
}

/** Real meshes in a simulated world: relays by name, members by name, one virtual clock. */
export class MeshWorld {
  readonly sim: SimWorld
  readonly meshes: Mesh[] = []

  constructor(seed: number, options: SimNetworkOptions & { network?: string; key?: Uint8Array } = {}) {
    this.sim = new SimWorld(seed, options)
  }

  get clock(): VirtualClock {
    return this.sim.network.clock
  }

  relay(name = 'relay'): Router {
    return this.sim.startRelay(name)
  }

  /** A mesh that dials `relay` unless told otherwise, makes no direct links by itself, and has started to load. */
  member(name: string, { log = silentLog, environment = (same) => same, ...options }: MemberOptions = {}): Mesh {
    const mesh = createMesh(
      { name, relays: [simUrl('relay')], links: { degree: 0 }, ...options },
      environment(simEnvironment(this.sim, name, log)),
    )
    this.meshes.push(mesh)
    return mesh
  }

  /** A relay, and members at it that see each other. */
  async members(...names: string[]): Promise<Mesh[]> {
    this.relay()
    const meshes = names.map((name) => this.member(name))
    await this.acquainted(...meshes)
    return meshes
  }

  join(name: string, options: MeshOptions): Promise<Mesh> {
    return joinMesh({ name, ...options }, simEnvironment(this.sim, name))
  }

  /** A direct pipe between two members, as an app's own channel. */
  pipe(one: Mesh, other: Mesh): void {
    const [dialer, listener] = this.sim.network.connect(one.name, other.name, { medium: 'webrtc' })
    other.router.addChannel(listener)
    one.router.addChannel(dialer)
  }

  /** Moves time until the promise settles. */
  async settle<T>(promise: Promise<T>, withinMs = 120_000): Promise<T> {
    let settled = false
    promise
      .catch(() => {})
      .then(() => (settled = true))
      .catch(() => {})
    await this.clock.advanceUntil(() => settled, withinMs)
    return promise
  }

  /** Moves time until each sees all the others. */
  async acquainted(...meshes: Mesh[]): Promise<void> {
    for (const mesh of meshes) await this.settle(mesh.ready)
    await this.clock.advanceUntil(() =>
      meshes.every((mesh) => meshes.every((other) => other === mesh || mesh.peer(other.address)?.state === 'active')),
    )
  }

  async close(): Promise<void> {
    for (const mesh of this.meshes) await this.settle(mesh.close())
  }
}
