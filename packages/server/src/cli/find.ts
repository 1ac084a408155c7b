import type { Mesh } from '@hopmesh/core'
import { settled } from './settle.ts'

/** How long somebody who starts at the same time may take to show up … */
const findAtLeastMs = 3_000
/** … and how long the tables of a large or slow network may take to be whole. */
const findAtMostMs = 10_000
const lookEveryMs = 20

/** What `look` finds, as soon as it finds something; undefined: everything that the relay had to tell is here, and it is not among it. */
export async function shownUp<T>(mesh: Mesh, look: () => T | undefined): Promise<T | undefined> {
  const since = performance.now()
  let whole = false
  const told = (): void => void (whole = true)
  settled(mesh, () => [mesh.peers.size, mesh.services.list().length], findAtMostMs).then(told, told)
  for (;;) {
    const found = look()
    if (found !== undefined || (whole && performance.now() - since > findAtLeastMs)) return found
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}

/** The relay knows more than it told: whoever needs somebody asks it then. */
export function isPartial(mesh: Mesh): boolean {
  return mesh.router.wiserRelay !== undefined
}

/** Is `target` an address, the part of one before the dot, or a display name of somebody here, or may it be one? */
export function isSomebody(mesh: Mesh, target: string): boolean {
  if (target === mesh.address || mesh.peer(target) !== undefined || isPartial(mesh)) return true
  return [...mesh.peers.values()].some(({ address, name }) => name === target || address.startsWith(`${target}.`))
}

/** As soon as that is known. */
export async function isSomebodySoon(mesh: Mesh, target: string): Promise<boolean> {
  return (await shownUp(mesh, () => isSomebody(mesh, target) || undefined)) === true
}
