import { buffer } from 'node:stream/consumers'
import { MeshError } from '@hopmesh/core'
import { withMesh } from './open-mesh.ts'
import { printLine } from './output.ts'
import type { Settings } from './settings.ts'

/** How long a provider may take to show up. */
const findTimeoutMs = 3_000

/** Calls a service once and prints what it answered. */
export async function runCall(
  url: string,
  request: { readonly service: string; readonly body: string },
  settings: Settings,
): Promise<void> {
  const body = request.body === '-' ? await buffer(process.stdin) : request.body
  await withMesh(url, settings, async (mesh) => {
    await mesh.services.wait(request.service, { timeoutMs: findTimeoutMs }).catch((error: unknown) => {
      if (!(error instanceof MeshError) || error.code !== 'TIMEOUT') throw error
      throw new MeshError('NO_SERVICE', `nobody offers a service '${request.service}'`)
    })
    const reply = await mesh.call(request.service, body)
    printLine(settings, { reply: reply.text(), from: reply.from }, reply.text())
  })
}
