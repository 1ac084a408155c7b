/**
 * Rows of a fixed number of bytes, one behind the other in one buffer: thousands of them are three objects. A row is named by
 * the place of its first byte; a row that was given back is taken again.
 */
export class PackedRows {
  readonly #rowBytes: number
  #view: DataView
  #usedBytes = 0
  /** The first free row; each free row begins with the place of the next one. */
  #free = -1

  constructor(rowBytes: number) {
    this.#rowBytes = rowBytes
    this.#view = new DataView(new ArrayBuffer(rowBytes * 16))
  }

  /** To be read and written at a row's place and behind; another one after `take`. */
  get view(): DataView {
    return this.#view
  }

  /** The place of a row of zeros. */
  take(): number {
    const row = this.#free
    if (row >= 0) {
      this.#free = this.#view.getInt32(row)
      for (let at = row; at < row + this.#rowBytes; at++) this.#view.setUint8(at, 0)
      return row
    }
    const place = this.#usedBytes
    this.#usedBytes += this.#rowBytes
    if (this.#usedBytes > this.#view.byteLength) this.#grow()
    return place
  }

  give(row: number): void {
    this.#view.setInt32(row, this.#free)
    this.#free = row
  }

  /** By a sixteenth at last: what is not used shall not be much. */
  #grow(): void {
    const rows = this.#view.byteLength / this.#rowBytes
    const larger = new Uint8Array((rows + Math.max(Math.min(rows, 64), rows >> 4)) * this.#rowBytes)
    larger.set(new Uint8Array(this.#view.buffer))
    this.#view = new DataView(larger.buffer)
  }
}

export function u48At(view: DataView, at: number): number {
  return view.getUint16(at) * 0x1_0000_0000 + view.getUint32(at + 2)
}

export function setU48(view: DataView, at: number, value: number): void {
  view.setUint16(at, Math.floor(value / 0x1_0000_0000))
  view.setUint32(at + 2, value % 0x1_0000_0000)
}
