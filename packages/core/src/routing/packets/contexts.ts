import { MeshError } from '../../errors/mesh-error.ts'
import type { Link } from '../../link/link.ts'
import type { Dice } from '../../ports/dice.ts'
import type { PacketHandler } from '../routing-types.ts'

export interface Context {
  readonly handler: PacketHandler
  /** The only source whose reply counts; absent: anybody's. */
  readonly from: string | undefined
  /** Of a request to a plain node: where an answer is awaited. */
  leftBy?: Link | undefined
}

/** Half of the 16-bit ids: drawing a free one stays quick. */
export const contextsMax = 32_768

/** Requests that wait for a reply, by context id. Ids are drawn at random, so that a reply cannot be guessed by counting. */
export class Contexts {
  readonly #dice: Dice
  readonly #contexts = new Map<number, Context>()

  constructor(dice: Dice) {
    this.#dice = dice
  }

  get size(): number {
    return this.#contexts.size
  }

  get(id: number): Context | undefined {
    return this.#contexts.get(id)
  }

  register(handler: PacketHandler, from: string | undefined): number {
    if (this.#contexts.size >= contextsMax) throw new MeshError('QUEUE_FULL', `${contextsMax} requests wait for replies already`)
    for (;;) {
      const [high = 0, low = 0] = this.#dice.bytes(2)
      const id = high * 256 + low
      if (id === 0 || this.#contexts.has(id) || isFragile(high) || isFragile(low)) continue
      this.#contexts.set(id, { handler, from })
      return id
    }
  }

  release(id: number): void {
    this.#contexts.delete(id)
  }
}

/** Bytes that some plain stacks cannot carry unharmed: KISS END and ESC. */
function isFragile(byte: number): boolean {
  return byte === 0xc0 || byte === 0xdb
}
