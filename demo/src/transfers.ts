import type { Address, Mesh, StreamFile } from '@hopmesh/browser'
import { sentenceForError } from './plain-words.ts'

/** One file on its way, to somebody or from somebody. */
export interface Transfer {
  readonly id: number
  readonly direction: 'out' | 'in'
  readonly peer: string
  readonly name: string
  readonly size: number
  bytes: number
  /** Bytes in one second, as of late. */
  rate: number
  state: 'under way' | 'done' | 'cancelled' | 'failed'
  /** Why it failed. */
  note: string
  /** What came, once it is whole. */
  blob: Blob | undefined
  cancel(): void
}

/** What files are sent under: the command line takes the same name. */
const streamName = 'file'
/** What came is kept in memory until the page is closed. */
const keptBytesMax = 512 * 1024 * 1024
const partBytes = 4 * 1024 * 1024
const listedMax = 50

interface Part {
  blob: Blob
}

/** The files that this page sends and takes. What of a file has come is kept, so that it goes on where it stopped. */
export class Transfers {
  readonly #mesh: Mesh
  readonly #parts = new Map<string, Part>()
  #list: Transfer[] = []
  #next = 1
  /** Called when something of the list has changed. */
  onChange: () => void = () => {}

  constructor(mesh: Mesh) {
    this.#mesh = mesh
    mesh.streams.register(streamName, (ctx, readable) => this.#take(ctx, readable), {
      kept: (file, caller) => this.#parts.get(partKey(file, caller))?.blob,
    })
  }

  /** The latest first. */
  get list(): readonly Transfer[] {
    return this.#list
  }

  async send(peer: string, file: File): Promise<void> {
    const abort = new AbortController()
    const transfer = this.#add({ direction: 'out', peer, name: file.name, size: file.size, cancel: () => abort.abort() })
    const meter = new Meter(transfer)
    try {
      const answer = await this.#mesh.stream(peer, streamName, file, {
        signal: abort.signal,
        onProgress: ({ sent }) => {
          meter.at(sent)
          this.onChange()
        },
      })
      const reader = answer.getReader()
      while (!(await reader.read()).done);
      this.#end(transfer, 'done')
    } catch (error) {
      this.#end(transfer, abort.signal.aborted ? 'cancelled' : 'failed', sentenceForError(error))
    }
  }

  async #take(
    {
      file,
      caller,
      offset,
      signal,
    }: { readonly file: StreamFile | undefined; readonly caller: Address; readonly offset: number; readonly signal: AbortSignal },
    readable: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    if (!file) throw new Error('this page takes files only')
    const kept = [...this.#parts.values(), ...this.#list].reduce((sum, { blob }) => sum + (blob?.size ?? 0), 0)
    if (kept + file.size - offset > keptBytesMax) throw new Error(`this page has no room for ${file.size} bytes`)
    const key = partKey(file, caller)
    const part = { blob: (this.#parts.get(key)?.blob ?? new Blob()).slice(0, offset) }
    this.#parts.set(key, part)
    const reader = readable.getReader()
    let isCancelled = false
    const cancel = (): void => {
      isCancelled = true
      void reader.cancel()
    }
    const transfer = this.#add({ direction: 'in', peer: caller, name: file.name, size: file.size, cancel })
    const meter = new Meter(transfer)
    try {
      await this.#collect(reader, part, { type: file.type, meter })
      if (isCancelled) throw new Error('cancelled there')
      transfer.blob = part.blob
      this.#parts.delete(key)
      this.#end(transfer, 'done')
    } catch (error) {
      // Broken off by the way, not by anybody: what is here waits for the rest.
      const isOver = isCancelled || !signal.aborted
      if (isOver) this.#parts.delete(key)
      this.#end(transfer, isCancelled ? 'cancelled' : 'failed', sentenceForError(error))
      throw error
    }
  }

  /** Small pieces become larger Blobs: the browser may keep those wherever it likes. */
  async #collect(
    reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
    part: Part,
    { type, meter }: { readonly type: string; readonly meter: Meter },
  ): Promise<void> {
    let pieces: Uint8Array<ArrayBuffer>[] = []
    let bytes = 0
    const settle = (): void => {
      part.blob = new Blob([part.blob, ...pieces], { type })
      pieces = []
      bytes = 0
    }
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        pieces.push(next.value)
        bytes += next.value.length
        meter.at(part.blob.size + bytes)
        if (bytes >= partBytes) settle()
        this.onChange()
      }
    } finally {
      settle()
    }
  }

  #add(what: Pick<Transfer, 'direction' | 'peer' | 'name' | 'size' | 'cancel'>): Transfer {
    const transfer: Transfer = { ...what, id: this.#next++, bytes: 0, rate: 0, state: 'under way', note: '', blob: undefined }
    this.#list = [transfer, ...this.#list]
    // Those that are over go first, the oldest of them before.
    for (let index = this.#list.length - 1; index > 0 && this.#list.length > listedMax; index -= 1) {
      if (this.#list[index]?.state !== 'under way') this.#list.splice(index, 1)
    }
    this.onChange()
    return transfer
  }

  #end(transfer: Transfer, state: Transfer['state'], note = ''): void {
    transfer.state = state
    transfer.note = note
    if (state === 'done') transfer.bytes = transfer.size
    this.onChange()
  }
}

/** How fast it goes, over the last second or so. */
class Meter {
  readonly #transfer: Transfer
  #since = performance.now()
  #from = 0

  constructor(transfer: Transfer) {
    this.#transfer = transfer
  }

  at(bytes: number): void {
    const now = performance.now()
    this.#transfer.bytes = bytes
    if (now - this.#since < 500) return
    this.#transfer.rate = ((bytes - this.#from) / (now - this.#since)) * 1_000
    this.#since = now
    this.#from = bytes
  }
}

function partKey({ id, size }: StreamFile, caller: string): string {
  return `${caller} ${size} ${id}`
}
