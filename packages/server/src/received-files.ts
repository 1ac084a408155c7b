// Files that members send, into a folder. What has come of a file stands beside the others under a name of its own until it is
// whole; so a transfer that broke off goes on where it stopped, also after this process began anew.

import { createHash } from 'node:crypto'
import { link, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MeshError } from '@hopmesh/core'
import type { Address, Mesh, SeekableSource, StreamFile, StreamRegistration } from '@hopmesh/core'
import { openFile, type FileSource } from './file-source.ts'

/** A file that is here whole. */
export interface ReceivedFile {
  /** Where it is now. */
  readonly path: string
  /** As the sender calls it. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly from: Address
}

/** What a file is sent under, from the command line and from the demo page. */
export const fileStreamName = 'file'

const nameBytesMax = 200
const sameNameMax = 1_000

/** Takes streams of the name 'file' into a folder, which is made. Each file is written under the name that it brings, made harmless, and takes the place of none. */
export async function receiveFiles(mesh: Mesh, folder: string, received: (file: ReceivedFile) => void): Promise<StreamRegistration> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new MeshError(
      'INVALID_OPTION',
      `the folder ${folder} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  })
  const kept = new Map<string, FileSource>()
  const partOf = (file: StreamFile, caller: Address): string => join(folder, partName(file, caller))
  return mesh.streams.register(
    fileStreamName,
    async ({ file, caller, offset }, readable) => {
      if (!file) throw new MeshError('INVALID_OPTION', 'only files with a name and a size are taken here')
      const part = partOf(file, caller)
      await kept.get(part)?.close()
      kept.delete(part)
      await write(part, offset, readable)
      const path = await settle(part, join(folder, harmlessName(file.name)))
      received({ path, name: file.name, size: file.size, from: caller })
    },
    {
      kept: async (file, caller): Promise<SeekableSource | undefined> => {
        const part = partOf(file, caller)
        if (!(await stat(part).catch(() => undefined))?.isFile()) return undefined
        const source = await openFile(part)
        await kept.get(part)?.close()
        kept.set(part, source)
        return source
      },
    },
  )
}

async function write(part: string, offset: number, readable: ReadableStream<Uint8Array>): Promise<void> {
  const handle = await open(part, offset === 0 ? 'w' : 'r+')
  try {
    await handle.truncate(offset)
    let at = offset
    const reader = readable.getReader()
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      await handle.write(next.value, 0, next.value.length, at)
      at += next.value.length
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Gives the whole file its name, or that name with a number. */
async function settle(part: string, wanted: string): Promise<string> {
  const dot = wanted.lastIndexOf('.')
  const [stem, ending] = dot > wanted.lastIndexOf('/') + 1 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, '']
  for (let number = 1; number <= sameNameMax; number += 1) {
    const path = number === 1 ? wanted : `${stem} (${number})${ending}`
    try {
      // Unlike a rename it takes the place of nothing.
      await link(part, path)
      await rm(part)
      return path
    } catch (error) {
      const code = (error as { code?: string }).code
      if (code === 'EEXIST') continue
      // A file system without hard links.
      if ((await stat(path).catch(() => undefined)) !== undefined) continue
      await rename(part, path)
      return path
    }
  }
  throw new MeshError('TOO_LARGE', `there are ${sameNameMax} files of that name already`)
}

function partName({ id, size }: StreamFile, caller: Address): string {
  return `.${createHash('sha256').update(`${caller}\n${size}\n${id}`).digest('hex').slice(0, 24)}.part`
}

/** One part of a path, without anything that a file system or a terminal would take for something else. */
export function harmlessName(name: string): string {
  const last = name.replaceAll('\\', '/').split('/').at(-1) ?? ''
  // Also marks that turn the direction of writing: `evil\u202Etxt.exe` reads as another ending.
  let harmless = last
    .replaceAll(/[\p{Cc}\p{Cf}:*?"<>|]/gu, '_')
    .replace(/^[.\s]+/, '')
    .replace(/[.\s]+$/, '')
  while (Buffer.byteLength(harmless) > nameBytesMax) harmless = harmless.slice(0, -1)
  return harmless === '' ? 'file' : harmless
}
