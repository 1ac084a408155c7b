import type { CountedMesh } from './counted-mesh.ts'

const reaches = 1
const dark = 2
const visiting = 3

/** Who hands packets for whom to whom, kept up to date by the routers' own events, so that each moment can be judged exactly. */
export class NextHops {
  /** Pairs whose packets go in a circle, ever seen. */
  loops = 0
  readonly #count: number
  readonly #mesh: CountedMesh
  readonly #placeOf = new Map<string, number>()
  /** By destination and node; −1: no route. */
  readonly #next: Int32Array
  readonly #changed = new Set<number>()
  readonly #dead = new Set<number>()

  constructor(mesh: CountedMesh) {
    this.#mesh = mesh
    this.#count = mesh.nodes.length
    this.#next = new Int32Array(this.#count * this.#count).fill(-1)
    mesh.nodes.forEach(({ router }, at) => this.#placeOf.set(router.address, at))
    mesh.nodes.forEach(({ router }, at) => {
      for (const { address } of router.routes()) this.#look(address, at)
      router.on('destination', ({ address }) => this.#look(address, at))
    })
  }

  died(node: number): void {
    this.#dead.add(node)
    for (let destination = 0; destination < this.#count; destination++) this.#changed.add(destination)
  }

  /** Calls for each pair of living nodes whose destination's routes changed since the last time. */
  judge(each: (pair: number, reachable: boolean) => void): void {
    const state = new Uint8Array(this.#count)
    for (const destination of this.#changed) {
      if (this.#dead.has(destination)) continue
      state.fill(0)
      state[destination] = reaches
      for (const node of this.#dead) state[node] = dark
      for (let node = 0; node < this.#count; node++) {
        const reachable = this.#follow(node, destination, state) === reaches
        if (node !== destination && !this.#dead.has(node)) each(destination * this.#count + node, reachable)
      }
    }
    this.#changed.clear()
  }

  #follow(from: number, destination: number, state: Uint8Array): number {
    const way: number[] = []
    let at = from
    while (at >= 0 && state[at] === 0) {
      state[at] = visiting
      way.push(at)
      at = this.#next[destination * this.#count + at]!
    }
    if (at >= 0 && state[at] === visiting) this.loops++
    const end = at >= 0 && state[at] === reaches ? reaches : dark
    for (const node of way) state[node] = end
    return end
  }

  #look(address: string, at: number): void {
    const destination = this.#placeOf.get(address)
    if (destination === undefined) return
    const via = this.#mesh.nodes[at]!.router.destination(address)?.via
    this.#next[destination * this.#count + at] = via === undefined ? -1 : this.#placeOf.get(via)!
    this.#changed.add(destination)
  }
}
