import type { Mesh } from '@hopmesh/core'

/** The table counts as settled when it did not change for this long. */
const quietMs = 400
/** A mesh that never rests is shown as it is then. */
const settleMaxMs = 4_000

/** Waits until `look` has given the same rows for a while: adverts come one after the other, as the relay finds time for them. */
export async function settled<T>(mesh: Mesh, look: () => T, mostMs: number = settleMaxMs): Promise<T> {
  const giveUpAt = performance.now() + mostMs
  for (let rows = look(); ;) {
    const seen = JSON.stringify(rows)
    await Promise.all([new Promise((resolve) => setTimeout(resolve, quietMs)), answered(mesh)])
    rows = look()
    if (JSON.stringify(rows) === seen || performance.now() > giveUpAt) return rows
  }
}

/** The relay has answered, after whatever it had to say before; or it does not answer. */
async function answered(mesh: Mesh): Promise<void> {
  const relay = mesh.relays.list()[0]?.address
  if (relay !== undefined) await mesh.ping(relay, { timeoutMs: settleMaxMs }).catch(() => {})
}
