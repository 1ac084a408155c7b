import type { Socket } from 'node:net'

/** A larger message is written as it is. */
const joinedBytesMax = 2_048

/**
 * What is sent in one turn leaves in one write: fewer system calls, and ALN hosts depend on what their first read brings.
 * Small messages are joined before: hundreds of them cost less as one copy than as hundreds of writes.
 */
export class TurnWriter {
  readonly #socket: Socket
  #small: Uint8Array[] = []
  #smallBytes = 0
  #scheduled = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Bytes that were given and the socket has not sent. */
  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#smallBytes
  }

  /** The message must not change any more. */
  write(message: Uint8Array): void {
    if (!this.#scheduled) {
      this.#scheduled = true
      this.#socket.cork()
      process.nextTick(() => this.flush())
    }
    if (message.length <= joinedBytesMax) {
      this.#small.push(message)
      this.#smallBytes += message.length
    } else {
      this.#join()
      this.#socket.write(message)
    }
  }

  flush(): void {
    if (!this.#scheduled) return
    this.#scheduled = false
    this.#join()
    this.#socket.uncork()
  }

  #join(): void {
    const [first] = this.#small
    if (first === undefined) return
    this.#socket.write(this.#small.length === 1 ? first : Buffer.concat(this.#small, this.#smallBytes))
    this.#small = []
    this.#smallBytes = 0
  }
}
