import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { MeshError } from '@hopmesh/core'
import type { SeekableSource } from '@hopmesh/core'

/** A file on disk as something to be streamed: read piece by piece, from any place. */
export interface FileSource extends SeekableSource {
  readonly name: string
  /** Milliseconds since 1970. */
  readonly lastModified: number
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Opens a file for `mesh.stream`. It stays open until it is closed. Rejects with INVALID_OPTION when it cannot be read. */
export async function openFile(path: string): Promise<FileSource> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    const stats = await handle.stat()
    if (!stats.isFile()) throw new Error('it is no file')
    return fileSource(handle, { name: basename(path), size: stats.size, lastModified: Math.floor(stats.mtimeMs) })
  } catch (cause) {
    await handle?.close()
    throw new MeshError('INVALID_OPTION', `the file ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}

function fileSource(
  handle: FileHandle,
  about: { readonly name: string; readonly size: number; readonly lastModified: number },
): FileSource {
  const read = async (start: number, end: number): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(Math.max(0, end - start))
    let at = 0
    while (at < bytes.length) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at)
      if (bytesRead === 0) break
      at += bytesRead
    }
    return at === bytes.length ? bytes.buffer : bytes.slice(0, at).buffer
  }
  const close = (): Promise<void> => handle.close()
  return {
    ...about,
    slice: (start, end) => ({ arrayBuffer: () => read(start, Math.min(end, about.size)) }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
