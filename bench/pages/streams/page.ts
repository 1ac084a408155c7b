// One of two tabs between which bytes are carried: by a data channel as the browser has it, and by `mesh.stream` over one.
import { joinMesh } from '@hopmesh/browser'
import type { Mesh } from '@hopmesh/browser'

const pieceBytes = 16_384
const highWaterBytes = 1_048_576
const lowWaterBytes = 262_144
/** Of every piece; whoever receives looks at its ends. */
const filling = 7

function intact(piece: Uint8Array): number {
  if (piece[0] !== filling || piece.at(-1) !== filling) throw new Error('a piece arrived changed')
  return piece.length
}

class RawChannel {
  readonly #connection = new RTCPeerConnection()
  #channel: RTCDataChannel | undefined
  #done: () => void = () => {}
  #drained: () => void = () => {}
  #heard = 0
  #wanted = Infinity

  async offer(): Promise<string> {
    this.#use(this.#connection.createDataChannel('raw'))
    await this.#connection.setLocalDescription(await this.#connection.createOffer())
    return this.#described()
  }

  async answer(offer: string): Promise<string> {
    this.#connection.addEventListener('datachannel', ({ channel }) => this.#use(channel))
    await this.#connection.setRemoteDescription({ type: 'offer', sdp: offer })
    await this.#connection.setLocalDescription(await this.#connection.createAnswer())
    return this.#described()
  }

  async accept(answer: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: answer })
    while (this.#channel?.readyState !== 'open') await new Promise((resolve) => setTimeout(resolve, 20))
  }

  /** Sends so many bytes, and waits until the other side says that it has them. */
  async send(bytes: number): Promise<number> {
    const channel = this.#channel!
    const piece = new Uint8Array(pieceBytes).fill(filling)
    const since = performance.now()
    const answered = new Promise<void>((resolve) => (this.#done = resolve))
    channel.send(String(bytes))
    for (let sent = 0; sent < bytes; sent += pieceBytes) {
      channel.send(piece)
      if (channel.bufferedAmount > highWaterBytes) await new Promise<void>((resolve) => (this.#drained = resolve))
    }
    await answered
    return performance.now() - since
  }

  #use(channel: RTCDataChannel): void {
    this.#channel = channel
    channel.binaryType = 'arraybuffer'
    channel.bufferedAmountLowThreshold = lowWaterBytes
    channel.addEventListener('bufferedamountlow', () => this.#drained())
    channel.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => this.#hear(data))
  }

  #hear(data: string | ArrayBuffer): void {
    if (data === 'done') return this.#done()
    if (typeof data === 'string') {
      this.#wanted = Number(data)
      this.#heard = 0
      return
    }
    this.#heard += intact(new Uint8Array(data))
    if (this.#heard >= this.#wanted) this.#channel?.send('done')
  }

  /** With every candidate in it: nothing trickles. */
  async #described(): Promise<string> {
    while (this.#connection.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 20))
    return this.#connection.localDescription?.sdp ?? ''
  }
}

class MeshTab {
  mesh: Mesh | undefined

  async join(relay: string): Promise<string> {
    const mesh = await joinMesh({ relays: [relay], links: { degree: 0 } })
    mesh.streams.register('count', async (_ctx, readable) => {
      let count = 0
      const reader = readable.getReader()
      for (let next = await reader.read(); !next.done; next = await reader.read()) count += intact(next.value)
      return String(count)
    })
    this.mesh = mesh
    return mesh.address
  }

  async connect(address: string): Promise<void> {
    await this.mesh!.connect(address)
  }

  /** Streams so many bytes, and waits until the handler there has read them. */
  async send(address: string, bytes: number): Promise<number> {
    const piece = new Uint8Array(pieceBytes).fill(filling)
    let sent = 0
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(piece)
        sent += pieceBytes
        if (sent >= bytes) controller.close()
      },
    })
    const since = performance.now()
    const answer = await new Response(await this.mesh!.stream(address, 'count', source)).text()
    const ms = performance.now() - since
    if (Number(answer) !== sent) throw new Error(`${answer} bytes arrived of ${sent}`)
    return ms
  }
}

Object.assign(globalThis, { raw: new RawChannel(), hopmesh: new MeshTab() })
document.body.dataset['loaded'] = 'yes'
