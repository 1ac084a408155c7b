import { createRouter, dialWebSocket, type Router } from '@hopmesh/server'
import type { Lane } from './pipelined.ts'

/** Two routers of this process and a relay between them: packets and nothing else, as plain ALN has them. */
export class RouterLane implements Lane {
  readonly #from: Router
  readonly #to: Router
  readonly #packet: { readonly destAddr: string; readonly service: string; readonly data: Uint8Array }
  #received = 0

  private constructor(from: Router, to: Router, size: number) {
    this.#from = from
    this.#to = to
    this.#packet = { destAddr: to.address, service: 'sink', data: new Uint8Array(size).fill(7) }
    to.registerService('sink', (packet) => {
      if (packet.data?.length === size && packet.data[size - 1] === 7) this.#received++
    })
  }

  static async open(url: string, size: number): Promise<RouterLane> {
    const [from, to] = ['bench-from', 'bench-to'].map((name) => createRouter(name, { network: 'bench' })) as [Router, Router]
    for (const router of [from, to]) router.addChannel(await dialWebSocket(url), { toRelay: true })
    while (from.destination(to.address) === undefined) await new Promise((resolve) => setTimeout(resolve, 10))
    return new RouterLane(from, to, size)
  }

  push(): number {
    return this.#from.send(this.#packet) === undefined ? 1 : 0
  }

  received(): number {
    return this.#received
  }

  async close(): Promise<void> {
    await Promise.all([this.#from.close(), this.#to.close()])
  }
}
