import type { Channel, ChannelReceiver } from '../../src/channel/channel.ts'
import { decodeLinkFrame, frameKinds, readItems } from '../../src/wire/link-frame.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import type { VirtualClock } from '../../src/testing/virtual-clock.ts'

/** What the operating system keeps of one connection before its sender has to wait. */
const socketBytesMax = 1_048_576
/** What is read of one connection that always has more before the next one is looked at, as libuv does it. */
const readInARowBytes = 2_097_152

const frameMicros = 10
const packetMicros = 20
const byteMicros = 0.02

interface Socket {
  readonly inner: Channel
  readonly unread: Uint8Array[]
  unreadBytes: number
  receiver: ChannelReceiver | undefined
  paused: boolean
}

/** One processor that reads the channels of one node, each message in its time: what comes faster waits in sockets, then at its sender. */
export class BusyProcessor {
  readonly #clock: VirtualClock
  readonly #sockets: Socket[] = []
  #present = 0
  #inARow = 0
  #working = false
  busyMs = 0

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  /** The node's end of a channel, read by this processor. */
  reads(inner: Channel): Channel {
    const socket: Socket = { inner, unread: [], unreadBytes: 0, receiver: undefined, paused: false }
    this.#sockets.push(socket)
    const own: Partial<Channel> = {
      start: (receiver) => {
        socket.receiver = receiver
        inner.start({
          message: (bytes) => this.#arrived(socket, bytes),
          drained: () => receiver.drained(),
          closed: (reason) => {
            socket.unread.length = 0
            receiver.closed(reason)
          },
        })
      },
      pauseReading: () => void (socket.paused = true),
      resumeReading: () => {
        socket.paused = false
        this.#work()
      },
    }
    return new Proxy(inner, {
      get(target, key) {
        const value: unknown = Reflect.get(key in own ? own : target, key, target)
        return typeof value === 'function' && !(key in own) ? value.bind(target) : value
      },
    })
  }

  #arrived(socket: Socket, bytes: Uint8Array): void {
    socket.unread.push(bytes)
    socket.unreadBytes += bytes.length
    if (socket.unreadBytes > socketBytesMax) socket.inner.pauseReading?.()
    this.#work()
  }

  #work(): void {
    if (this.#working) return
    const socket = this.#next()
    const bytes = socket?.unread.shift()
    if (!socket || !bytes) return
    this.#working = true
    this.#inARow += bytes.length
    socket.unreadBytes -= bytes.length
    if (socket.unreadBytes <= socketBytesMax) socket.inner.resumeReading?.()
    const costMs = (frameMicros + packetsIn(bytes, socket.inner) * packetMicros + bytes.length * byteMicros) / 1_000
    this.busyMs += costMs
    this.#clock.setTimer(costMs, () => {
      this.#working = false
      socket.receiver?.message(bytes)
      this.#work()
    })
  }

  #next(): Socket | undefined {
    for (let looked = 0; looked <= this.#sockets.length; looked++) {
      const socket = this.#sockets[this.#present]
      if (socket && !socket.paused && socket.unread.length > 0 && this.#inARow < readInARowBytes) return socket
      this.#present = (this.#present + 1) % this.#sockets.length
      this.#inARow = 0
    }
    return undefined
  }
}

function packetsIn(bytes: Uint8Array, { carries }: Channel): number {
  // A message on a text channel is one packet; on a stream, a packet of a plain node is about so long.
  if (carries === 'text') return 1
  if (carries !== 'frames') return Math.max(1, bytes.length / 100)
  const frame = decodeLinkFrame(bytes)
  if (isWireFault(frame) || frame.kind !== frameKinds.packets) return 1
  const items = readItems(frame.body)
  return isWireFault(items) ? 1 : items.length
}
