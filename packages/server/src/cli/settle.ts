/** The table counts as settled when it did not change for this long. */
const quietMs = 400
/** A mesh that never rests is shown as it is then. */
const settleMaxMs = 4_000
const lookEveryMs = 50

/** Waits until `look` has given the same rows for a while: adverts come one after the other. */
export async function settled<T>(look: () => T): Promise<T> {
  const startedAt = performance.now()
  let rows = look()
  let seen = JSON.stringify(rows)
  let changedAt = startedAt
  while (performance.now() - changedAt < quietMs && performance.now() - startedAt < settleMaxMs) {
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
    rows = look()
    const now = JSON.stringify(rows)
    if (now !== seen) changedAt = performance.now()
    seen = now
  }
  return rows
}
