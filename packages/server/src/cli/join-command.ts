import { openMesh } from './open-mesh.ts'
import { printLine } from './output.ts'
import type { Settings } from './settings.ts'
import { untilStopped } from './until-stopped.ts'

/** A member until SIGTERM or SIGINT. */
export async function runJoin(url: string, settings: Settings): Promise<void> {
  const mesh = await openMesh(url, settings)
  const stopped = untilStopped()
  if (settings['serve'] === 'ping') mesh.services.register('ping', (request) => `pong ${request.text()}`.trimEnd())
  const network = String(settings['network'])
  printLine(settings, { online: true, address: mesh.address, network }, `online as ${mesh.address} in network '${network}'`)
  await stopped
  await mesh.close()
}
