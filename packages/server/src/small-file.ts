// Small files that may hold a secret: identities and keys. Whoever can read a secret can use it, so a file that others can
// read is refused by those who read it, not repaired: it may have been read already.

import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { MeshError } from '@hopmesh/core'

const othersMask = 0o077

export interface SmallFile {
  readonly text: string
  /** The mode, '0644', when others than its owner can use the file. */
  readonly openMode: string | undefined
}

/** What is wrong with a file, in the words of who reads it. */
export type FileRefusal = (why: string, cause?: unknown) => MeshError

/** undefined when there is none. Throws what `refusal` makes. */
export function readSmallFile(path: string, bytesMax: number, refusal: FileRefusal): SmallFile | undefined {
  return attemptFile(path, 'cannot be read', refusal, () => {
    if (!fs.existsSync(path)) return undefined
    const file = fs.openSync(path, 'r')
    try {
      const { mode, size } = fs.fstatSync(file)
      if (size > bytesMax) throw refusal(`has ${size} bytes and is none`)
      // Windows has no such bits: Node shows made-up ones there.
      const open = process.platform !== 'win32' && (mode & othersMask) !== 0
      return { text: fs.readFileSync(file, 'utf8'), openMode: open ? (mode & 0o777).toString(8).padStart(4, '0') : undefined }
    } finally {
      fs.closeSync(file)
    }
  })
}

/** Refuses a secret that others can use. */
export function refuseOpen({ openMode }: SmallFile, refusal: FileRefusal): void {
  if (openMode === undefined) return
  throw refusal(`can be used by others (mode ${openMode}); after making sure that nobody has read it: chmod 600`)
}

/** Runs `step`; what the file system says becomes a refusal. */
export function attemptFile<T>(path: string, failure: string, refusal: FileRefusal, step: () => T): T {
  try {
    return step()
  } catch (error) {
    if (error instanceof MeshError) throw error
    const code = fileErrorCode(error)
    throw refusal(`${failure}: ${code === 'ENOENT' ? `the folder ${dirname(path)} is not there` : (code ?? String(error))}`, error)
  }
}

export function fileErrorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code
}
