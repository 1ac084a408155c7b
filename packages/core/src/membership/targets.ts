// Several targets at once: a list of addresses and names, or everybody. Each settles on its own, so that one that is unknown, slow or
// broken hides nothing of the others.

import { MeshError } from '../errors/mesh-error.ts'
import type { Router } from '../routing/router.ts'

/**
 * A list of addresses, `who`s or exact display names, or `'*'`: every other member that can be reached now, without those whose session
 * did not answer within the last minute (SE5).
 */
export type SeveralTargets = '*' | readonly string[]

/** What came of each target, under the name that it was given by, in that order. */
export type Outcomes<T> = Map<string, PromiseSettledResult<T>>

/** Entries of one list. */
export const targetsMax = 4_096
/** Targets that are asked at one time: each needs a session, and a node has so many. */
export const targetsAtOnceMax = 64

export function areSeveral(target: string | readonly string[]): target is SeveralTargets {
  return target === '*' || Array.isArray(target)
}

/** Those who are meant, each once. Throws INVALID_OPTION for what is no list, TOO_LARGE for too long a one. */
export function targetList(targets: SeveralTargets, router: Router): readonly string[] {
  if (targets === '*') {
    const members = router.routes().filter(({ kind, address, silent }) => kind === 'member' && !silent && address !== router.address)
    return members.map(({ address }) => address)
  }
  if (!Array.isArray(targets)) throw new MeshError('INVALID_OPTION', "targets are a list of addresses and names, or '*'")
  if (targets.length > targetsMax) throw new MeshError('TOO_LARGE', `a list of ${targets.length} targets: at most ${targetsMax} fit`)
  return [...new Set(targets)]
}

/** Begins for every target, at most `atOnceMax` at a time, and resolves when all have settled. */
export async function settleEach<T>(
  targets: readonly string[],
  begin: (target: string) => Promise<T>,
  atOnceMax: number = targetsAtOnceMax,
): Promise<Outcomes<T>> {
  const settled: PromiseSettledResult<T>[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < targets.length; index = next++) {
      const [outcome] = await Promise.allSettled([began(begin, targets[index] ?? '')])
      settled[index] = outcome
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnceMax, targets.length) }, worker))
  return new Map(targets.map((target, index) => [target, settled[index] as PromiseSettledResult<T>]))
}

/** One that throws before it has a promise has failed like every other. */
async function began<T>(begin: (target: string) => Promise<T>, target: string): Promise<T> {
  return begin(target)
}
