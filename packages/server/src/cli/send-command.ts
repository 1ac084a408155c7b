import { MeshError } from '@hopmesh/core'
import type { Mesh, StreamAnswer } from '@hopmesh/core'
import { openFile, type FileSource } from '../file-source.ts'
import { fileStreamName } from '../received-files.ts'
import { isSomebodySoon } from './find.ts'
import { withMesh } from './open-mesh.ts'
import { printLine, span } from './output.ts'
import { showProgress } from './progress.ts'
import type { Settings } from './settings.ts'

/** Sends a file to a member that takes files, and waits until it has all of it. */
export async function runSend(
  url: string,
  { target, path }: { readonly target: string; readonly path: string },
  settings: Settings,
): Promise<void> {
  const file = await openFile(path)
  try {
    await withMesh(url, settings, (mesh) => send(mesh, target, file, settings))
  } finally {
    await file.close()
  }
}

async function send(mesh: Mesh, target: string, file: FileSource, settings: Settings): Promise<void> {
  if (!(await isSomebodySoon(mesh, target))) throw new MeshError('UNKNOWN_NAME', `nobody called '${target}' can be reached`)
  const since = performance.now()
  const progress = settings['json'] === true ? undefined : await showProgress(file.name, file.size)
  let to = target
  try {
    const answer = await mesh.stream(target, fileStreamName, file, {
      onProgress: ({ sent, address }) => {
        to = address
        progress?.moved(sent)
      },
    })
    await end(answer)
  } finally {
    progress?.stop()
  }
  const ms = performance.now() - since
  printLine(
    settings,
    { sent: file.name, bytes: file.size, to, ms: Math.round(ms) },
    `sent ${file.name}, ${file.size} bytes, to ${to} in ${span(ms)}`,
  )
}

/** The handler there is done with everything when its answer ends. */
async function end(answer: StreamAnswer): Promise<void> {
  const reader = answer.getReader()
  while (!(await reader.read()).done);
}
