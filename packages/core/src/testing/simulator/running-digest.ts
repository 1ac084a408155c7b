/** A 128-bit hash of everything added so far: equal runs, equal digests. It guards against nobody. */
export class RunningDigest {
  #a = 0x6a09_e667
  #b = 0xbb67_ae85 | 0
  #c = 0x3c6e_f372
  #d = 0xa54f_f53a | 0

  addNumber(value: number): void {
    this.#addWord(value)
    this.#addWord(value / 0x1_0000_0000)
  }

  addText(text: string): void {
    this.#addWord(text.length)
    for (let index = 0; index < text.length; index += 1) this.#addWord(text.charCodeAt(index))
  }

  addBytes(bytes: Uint8Array): void {
    const length = bytes.length
    this.#addWord(length)
    let at = 0
    for (; at + 4 <= length; at += 4) {
      this.#addWord(
        (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24),
      )
    }
    for (; at < length; at += 1) this.#addWord(bytes[at] as number)
  }

  /** 32 hexadecimal characters. */
  hex(): string {
    return [this.#a, this.#b, this.#c, this.#d].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
  }

  // Every lane passes on to the next, so that one changed bit reaches all of them within four words.
  #addWord(word: number): void {
    this.#a = (Math.imul(rotateLeft(this.#a ^ word, 13), 0x9e37_79b1) + this.#b) | 0
    this.#b = (Math.imul(rotateLeft(this.#b ^ this.#a, 17), 0x85eb_ca77) + this.#c) | 0
    this.#c = (Math.imul(rotateLeft(this.#c ^ this.#b, 5), 0xc2b2_ae3d) + this.#d) | 0
    this.#d = (Math.imul(rotateLeft(this.#d ^ this.#c, 11), 0x27d4_eb2f) + this.#a) | 0
  }
}

function rotateLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}
