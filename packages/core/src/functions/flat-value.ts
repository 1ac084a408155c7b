// Whether the flat JSON of a value is one that may be built: only types that are sent here, no circle, no deeper and no larger than
// stated, counted as whoever walks through the value will meet it, so that a few bytes cannot unfold into a life's work.

import { WireFault } from '../wire/wire-fault.ts'

/** Objects, arrays, maps and sets inside one another. */
export const valueDepthMax = 256
/** Of an array, an object, a map, … each counts, as often as it is met. */
export const valuePartsMax = 4_194_304
const bigintDigitsMax = 2_100
const dateCharactersMax = 40
const sparse = -7
const arrayLengthMax = 1_048_576

export interface FlatBounds {
  readonly bytesTag: string
  /** How many runs of bytes there are. */
  readonly runs: number
}

/** Undefined: it may be built. */
export function flatFault(flat: unknown, bounds: FlatBounds): WireFault | undefined {
  // One of undefined, NaN, the infinities and -0.
  if (typeof flat === 'number') return flat < 0 ? undefined : bad('a value that is nothing')
  if (!Array.isArray(flat) || flat.length === 0) return bad('a value that is no flat JSON')
  if (flat.length > valuePartsMax) return new WireFault('too-long', `a value of ${flat.length} parts`)
  const children: (readonly number[] | undefined)[] = []
  for (const part of flat as unknown[]) {
    const inside = childrenOf(part, bounds)
    if (inside === 'bad') return bad('a value with a part of a kind that is not known here')
    children.push(inside)
  }
  return new Measure(children).fault()
}

/** Indexes of the parts inside; undefined: none. Negative ones are values that need no part of their own. */
function childrenOf(part: unknown, { bytesTag, runs }: FlatBounds): readonly number[] | undefined | 'bad' {
  if (typeof part !== 'object' || part === null) return undefined
  if (!Array.isArray(part)) return indexes(Object.values(part))
  const [tag, ...rest] = part as unknown[]
  switch (tag) {
    case 'Date':
      return rest.length === 1 && shortText(rest[0], dateCharactersMax) ? undefined : 'bad'
    case 'BigInt':
      return rest.length === 1 && shortText(rest[0], bigintDigitsMax) && /^-?\d+$/.test(String(rest[0])) ? undefined : 'bad'
    case 'Set':
    case 'Map':
      return indexes(rest)
    case 'null':
      return indexes(rest.filter((_, index) => index % 2 === 1))
    case bytesTag:
      return runs > 0 ? indexes(rest) : 'bad'
    case sparse:
      return typeof rest[0] === 'number' && rest[0] <= arrayLengthMax ? indexes(rest.slice(1).filter((_, index) => index % 2 === 1)) : 'bad'
    default:
      return typeof tag === 'string' ? 'bad' : indexes(part)
  }
}

function indexes(list: readonly unknown[]): readonly number[] | 'bad' {
  return list.every((index) => Number.isInteger(index)) ? (list as number[]) : 'bad'
}

function shortText(text: unknown, charactersMax: number): boolean {
  return typeof text === 'string' && text.length <= charactersMax
}

/** Goes through the parts as whoever reads the value will, without going through any of them twice. */
class Measure {
  readonly #children: readonly (readonly number[] | undefined)[]
  readonly #sizes: number[] = []
  readonly #depths: number[] = []
  readonly #open = new Set<number>()

  constructor(children: readonly (readonly number[] | undefined)[]) {
    this.#children = children
  }

  fault(): WireFault | undefined {
    const path: { readonly index: number; next: number }[] = [{ index: 0, next: 0 }]
    this.#open.add(0)
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const inside = this.#children[top.index] ?? []
      const child = inside[top.next]
      if (child === undefined) {
        const fault = this.#close(top.index, inside)
        if (fault) return fault
        path.pop()
        continue
      }
      top.next += 1
      if (child < 0 || this.#sizes[child] !== undefined) continue
      if (child >= this.#children.length) return bad('a part that is not there')
      if (this.#open.has(child)) return bad('a value that goes in a circle')
      if (path.length > valueDepthMax) return new WireFault('too-long', `a value that is more than ${valueDepthMax} deep`)
      this.#open.add(child)
      path.push({ index: child, next: 0 })
    }
    return undefined
  }

  #close(index: number, inside: readonly number[]): WireFault | undefined {
    let size = 1
    let depth = 0
    for (const child of inside) {
      size += this.#sizes[child] ?? 1
      depth = Math.max(depth, this.#depths[child] ?? 0)
    }
    this.#open.delete(index)
    this.#sizes[index] = size
    this.#depths[index] = depth + 1
    if (depth + 1 > valueDepthMax + 1) return new WireFault('too-long', `a value that is more than ${valueDepthMax} deep`)
    return size > valuePartsMax ? new WireFault('too-long', `a value that unfolds into more than ${valuePartsMax} parts`) : undefined
  }
}

function bad(detail: string): WireFault {
  return new WireFault('bad-value', detail)
}
