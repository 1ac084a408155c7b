import type { Mesh } from '@hopmesh/core'

/** How long somebody may take to show up in the tables of a mesh that has just joined. */
const findTimeoutMs = 3_000
const lookEveryMs = 20

/** What `look` finds, as soon as it finds something; undefined: it did not in time. */
export async function shownUp<T>(look: () => T | undefined): Promise<T | undefined> {
  const giveUpAt = performance.now() + findTimeoutMs
  for (;;) {
    const found = look()
    if (found !== undefined || performance.now() > giveUpAt) return found
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}

/** Is `target` an address, the part of one before the dot, or a display name of somebody here? */
export function isSomebody(mesh: Mesh, target: string): boolean {
  if (target === mesh.address || mesh.peer(target) !== undefined) return true
  return [...mesh.peers.values()].some(({ address, name }) => name === target || address.startsWith(`${target}.`))
}
