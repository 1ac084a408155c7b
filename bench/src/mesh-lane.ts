import { fileURLToPath } from 'node:url'
import { joinMesh, type Mesh } from '@hopmesh/server'
import type { Lane } from './pipelined.ts'

export const relayScript: string = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))

/** Two members of this process and a relay between them. */
export class MeshLane implements Lane {
  readonly #from: Mesh
  readonly #to: Mesh
  readonly #packet: { readonly destAddr: string; readonly service: string; readonly data: Uint8Array }
  #received = 0

  private constructor(from: Mesh, to: Mesh, size: number) {
    this.#from = from
    this.#to = to
    this.#packet = { destAddr: to.address, service: 'sink', data: new Uint8Array(size).fill(7) }
    to.router.registerService('sink', (packet) => {
      if (packet.data?.length === size && packet.data[size - 1] === 7) this.#received++
    })
  }

  static async open(url: string, size: number): Promise<MeshLane> {
    const options = { network: 'bench', relays: [url] }
    const [from, to] = await Promise.all([joinMesh(options), joinMesh(options)])
    const lane = new MeshLane(from, to, size)
    while (from.peer(to.address) === undefined) await new Promise((resolve) => setTimeout(resolve, 10))
    return lane
  }

  push(): number {
    return this.#from.router.send(this.#packet) === undefined ? 1 : 0
  }

  received(): number {
    return this.#received
  }

  async close(): Promise<void> {
    await Promise.all([this.#from.close(), this.#to.close()])
  }
}
