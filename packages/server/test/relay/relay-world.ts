// A relay of this process, members and plain nodes at it, and patience.

import { expect } from 'vitest'
import { joinMesh, startRelay } from '../../src/index.ts'
import type { Mesh, MeshOptions, Relay, RelayOptions } from '../../src/index.ts'
import { sleep } from '../worlds.ts'

/** Much more than anything takes that works, also on a machine that has much else to do. */
export const patienceMs = 30_000

const closers: (() => unknown)[] = []

/** Closed by `endAll`. */
export function atEnd(close: () => unknown): void {
  closers.push(close)
}

export async function endAll(): Promise<void> {
  await Promise.all(closers.splice(0).map((close) => close()))
}

export async function relayOf(options: RelayOptions = {}): Promise<Relay> {
  const relay = await startRelay({ port: 0, ...options })
  atEnd(() => relay.close())
  return relay
}

export async function member(relay: Relay, options: MeshOptions = {}): Promise<Mesh> {
  const mesh = await joinMesh({ relays: [relay.ws], timeoutMs: patienceMs, ...options })
  atEnd(() => mesh.close())
  return mesh
}

export function tcpPort(relay: Relay): number {
  return Number(relay.tcp?.split(':')[1])
}

/** How many faults of this code it has counted. */
export function faultsOf(relay: Relay, code: string): number {
  return Number(new RegExp(`^hopmesh_faults_total\\{code="${code}"\\} (\\d+)$`, 'm').exec(relay.metrics())?.[1] ?? 0)
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    if (waited > patienceMs) throw new Error(`not within ${patienceMs} ms: ${what}`)
    await sleep(10)
  }
}

/** It still serves: two fresh members call each other. */
export async function expectHealthy(relay: Relay): Promise<void> {
  const [ada, bob] = await Promise.all([member(relay, { network: 'healthy' }), member(relay, { network: 'healthy' })])
  const registration = bob.services.register('alive', () => 'yes')
  await ada.services.wait('alive')
  expect((await ada.call('alive')).text()).toBe('yes')
  registration.close()
}
