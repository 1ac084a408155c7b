import { runFaultScenario, type FaultScenarioOptions } from './fault-scenario.ts'
import { ScenarioFailure } from './scenario-outcome.ts'

/**
 * The same failing seed with as few faults as still make it fail, found by leaving out one after another. Costs as many
 * runs as there are faults. Answers which faults are left out, and how the rest fails; undefined when the seed does not fail.
 */
export function shrinkFaults(
  seed: number,
  options: FaultScenarioOptions = {},
): { readonly without: ReadonlySet<number>; readonly failure: ScenarioFailure } | undefined {
  const without = new Set<number>(options.without)
  let failure = failureOf(seed, { ...options, without })
  if (failure === undefined) return undefined
  const { faults = 25 } = options
  for (let place = typeof faults === 'number' ? faults : faults.length; place > 0; place -= 1) {
    if (without.has(place)) continue
    without.add(place)
    const shrunk = failureOf(seed, { ...options, without })
    if (shrunk === undefined) without.delete(place)
    else failure = shrunk
  }
  return { without, failure }
}

function failureOf(seed: number, options: FaultScenarioOptions): ScenarioFailure | undefined {
  try {
    runFaultScenario(seed, options)
    return undefined
  } catch (error) {
    if (error instanceof ScenarioFailure) return error
    throw error
  }
}
