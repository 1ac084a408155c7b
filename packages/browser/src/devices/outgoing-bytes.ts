/** Bytes that wait to be written, cut anew: where one message ends means nothing in a stream. */
export class OutgoingBytes {
  #chunks: Uint8Array[] = []
  /** The first chunks are behind us: cheaper than to move all others at each write. */
  #first = 0
  #offset = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#length += bytes.length
  }

  /** The next bytes, at most `bytesMax` of them, as a copy. */
  take(bytesMax: number): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(Math.min(bytesMax, this.#length))
    for (let at = 0; at < taken.length;) {
      const chunk = this.#chunks[this.#first] as Uint8Array
      const part = chunk.subarray(this.#offset, this.#offset + taken.length - at)
      taken.set(part, at)
      at += part.length
      this.#offset += part.length
      if (this.#offset === chunk.length) this.#nextChunk()
    }
    this.#length -= taken.length
    return taken
  }

  clear(): void {
    this.#chunks = []
    this.#first = 0
    this.#offset = 0
    this.#length = 0
  }

  #nextChunk(): void {
    this.#first += 1
    this.#offset = 0
    if (this.#first < 64 && this.#first < this.#chunks.length) return
    this.#chunks = this.#chunks.slice(this.#first)
    this.#first = 0
  }
}
