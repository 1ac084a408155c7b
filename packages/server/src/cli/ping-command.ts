import { MeshError } from '@hopmesh/core'
import type { Mesh } from '@hopmesh/core'
import { isPartial, isSomebody, shownUp } from './find.ts'
import { withMesh } from './open-mesh.ts'
import { milliseconds, printLine } from './output.ts'
import type { Settings } from './settings.ts'

/** For the relay to say whether it is a service. */
const askMs = 2_000

/** Calls `target` when it is a service, pings it when it is an address or the name of somebody; prints the reply and the round trip. */
export async function runPing(url: string, target: string, settings: Settings): Promise<void> {
  await withMesh(url, settings, async (mesh) => {
    if ((await kindOf(mesh, target)) === 'address') {
      const { roundTripMs, hops } = await mesh.ping(target)
      return printLine(
        settings,
        { from: target, roundTripMs, hops },
        `answer from ${target} in ${milliseconds(roundTripMs)} over ${hops} hops`,
      )
    }
    const startedAt = performance.now()
    const reply = await mesh.call(target, '')
    const roundTripMs = performance.now() - startedAt
    printLine(
      settings,
      { reply: reply.text(), from: reply.from, roundTripMs },
      `${reply.text()}  (from ${reply.from} in ${milliseconds(roundTripMs)})`,
    )
  })
}

async function kindOf(mesh: Mesh, target: string): Promise<'service' | 'address'> {
  const kind = await shownUp(mesh, () => {
    if (mesh.services.list(target).length > 0) return 'service'
    return isSomebody(mesh, target) ? 'address' : undefined
  })
  if (kind === 'address' && mesh.peer(target) === undefined && isPartial(mesh)) return farKindOf(mesh, target)
  if (kind === undefined) throw new MeshError('NO_SERVICE', `nobody offers a service '${target}', and nobody has this address or name`)
  return kind
}

function farKindOf(mesh: Mesh, target: string): Promise<'service' | 'address'> {
  return mesh.services.wait(target, { timeoutMs: askMs }).then(
    () => 'service',
    () => 'address',
  )
}
