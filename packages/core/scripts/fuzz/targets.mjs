// What is fuzzed: everything that reads what somebody else wrote. Each target has a name, inputs to begin with, the code whose
// blocks count, and `run`, which may return anything and must not throw. Where an input is a conversation, it is many messages, each
// behind its length in two bytes.

import { bodyTargets } from './targets/bodies.mjs'
import { identityTargets } from './targets/identity.mjs'
import { linkTargets } from './targets/link.mjs'
import { neighbourTargets } from './targets/neighbours.mjs'
import { serverTargets } from './targets/server.mjs'
import { sessionTargets } from './targets/session.mjs'
import { wireTargets } from './targets/wire.mjs'

/** `load('core/wire/kiss')` gives a module: of the build, or of the sources. */
export async function targetsFrom(load) {
  const groups = [wireTargets, identityTargets, sessionTargets, linkTargets, neighbourTargets, bodyTargets, serverTargets]
  const targets = (await Promise.all(groups.map((group) => group(load)))).flat()
  return targets.map((target) => ({ covers: /packages\/(core|server)\/(dist|src)\//, ...target }))
}
