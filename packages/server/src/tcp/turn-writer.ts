import type { Socket } from 'node:net'

/** What one write holds. */
const writeBytesMax = 65_536
/** Room for the few words that most links have to say in a turn. */
const wordsBytesMax = 2_048
/** So much is copied once more, rather than kept in a buffer of `writeBytesMax` until the other side takes it. */
const copiedBytesMax = 16_384
const sparesMax = 32
/** Buffers whose bytes have left. Fresh ones cost more than what is written into them. */
const spares: Record<number, Buffer[]> = { [wordsBytesMax]: [], [writeBytesMax]: [] }

/** What is sent in one turn leaves in one write: fewer system calls, and ALN hosts depend on what their first read brings. */
export class TurnWriter {
  readonly #socket: Socket
  #buffer: Buffer | undefined
  #used = 0
  #scheduled = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Bytes that were given and the socket has not sent. */
  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#used
  }

  /** Copies the message. */
  write(message: Uint8Array): void {
    if (!this.#scheduled) {
      this.#scheduled = true
      process.nextTick(() => this.flush())
    }
    let rest = message
    while (this.#used + rest.length > writeBytesMax) {
      const room = writeBytesMax - this.#used
      this.#add(rest.subarray(0, room))
      this.#send()
      rest = rest.subarray(room)
    }
    this.#add(rest)
  }

  flush(): void {
    this.#scheduled = false
    this.#send()
  }

  #add(part: Uint8Array): void {
    const used = this.#used + part.length
    const buffer = this.#buffer
    if (buffer === undefined || used > buffer.length) {
      this.#buffer = spare(used <= wordsBytesMax ? wordsBytesMax : writeBytesMax)
      if (buffer !== undefined) {
        this.#buffer.set(buffer.subarray(0, this.#used))
        keep(buffer)
      }
    }
    this.#buffer?.set(part, this.#used)
    this.#used = used
  }

  #send(): void {
    const buffer = this.#buffer
    if (buffer === undefined) return
    const bytes = buffer.subarray(0, this.#used)
    this.#buffer = undefined
    this.#used = 0
    if (bytes.length > copiedBytesMax) this.#socket.write(bytes, () => keep(buffer))
    else {
      this.#socket.write(Buffer.from(bytes))
      keep(buffer)
    }
  }
}

function spare(size: number): Buffer {
  return spares[size]?.pop() ?? Buffer.allocUnsafeSlow(size)
}

function keep(buffer: Buffer): void {
  const kept = spares[buffer.length]
  if (kept !== undefined && kept.length < sparesMax) kept.push(buffer)
}
