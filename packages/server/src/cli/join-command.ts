import { openMesh } from './open-mesh.ts'
import { printLine } from './output.ts'
import type { Settings } from './settings.ts'
import { untilStopped } from './until-stopped.ts'

/** A member until SIGTERM or SIGINT. */
export async function runJoin(url: string, settings: Settings): Promise<void> {
  const mesh = await openMesh(url, settings)
  const stopped = untilStopped()
  if (settings['serve'] === 'ping') mesh.services.register('ping', (request) => `pong ${request.text()}`.trimEnd())
  if (typeof settings['receive'] === 'string') {
    const { receiveFiles } = await import('../received-files.ts')
    await receiveFiles(mesh, settings['receive'], ({ path, size, from }) => {
      printLine(settings, { received: path, bytes: size, from }, `received ${path}, ${size} bytes, from ${from}`)
    })
  }
  const network = String(settings['network'])
  printLine(settings, { online: true, address: mesh.address, network }, `online as ${mesh.address} in network '${network}'`)
  mesh.on('address', ({ address }) => printLine(settings, { address, network }, `another process has that address: now ${address}`))
  await stopped
  await mesh.close()
}
