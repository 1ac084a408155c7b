export interface Range {
  readonly start: number
  /** The first number behind it. */
  readonly end: number
}

/** Whole numbers, kept as sorted ranges that neither overlap nor touch. */
export class RangeSet {
  #ranges: Range[] = []

  /** How many ranges. */
  get count(): number {
    return this.#ranges.length
  }

  get first(): Range | undefined {
    return this.#ranges[0]
  }

  get last(): Range | undefined {
    return this.#ranges[this.#ranges.length - 1]
  }

  /** In order. */
  ranges(): readonly Range[] {
    return this.#ranges
  }

  has(value: number): boolean {
    const range = this.#ranges[this.#indexBehind(value)]
    return range !== undefined && range.start <= value
  }

  covers(start: number, end: number): boolean {
    if (start >= end) return true
    const range = this.#ranges[this.#indexBehind(start)]
    return range !== undefined && range.start <= start && range.end >= end
  }

  add(start: number, end: number): void {
    if (start >= end) return
    const last = this.last
    if (last === undefined || start > last.end) {
      this.#ranges.push({ start, end })
      return
    }
    // The ranges that overlap or touch become one.
    const from = this.#indexBehind(start - 1)
    let to = from
    let joinedStart = start
    let joinedEnd = end
    for (let range = this.#ranges[to]; range !== undefined && range.start <= end; range = this.#ranges[(to += 1)]) {
      joinedStart = Math.min(joinedStart, range.start)
      joinedEnd = Math.max(joinedEnd, range.end)
    }
    this.#ranges.splice(from, to - from, { start: joinedStart, end: joinedEnd })
  }

  remove(start: number, end: number): void {
    if (start >= end) return
    const from = this.#indexBehind(start)
    const kept: Range[] = []
    let to = from
    for (let range = this.#ranges[to]; range !== undefined && range.start < end; range = this.#ranges[(to += 1)]) {
      if (range.start < start) kept.push({ start: range.start, end: start })
      if (range.end > end) kept.push({ start: end, end: range.end })
    }
    if (to > from) this.#ranges.splice(from, to - from, ...kept)
  }

  /** Forgets the lowest ranges until at most `countMax` are left. */
  keepHighest(countMax: number): void {
    if (this.#ranges.length > countMax) this.#ranges.splice(0, this.#ranges.length - countMax)
  }

  clear(): void {
    this.#ranges = []
  }

  /** The first range that ends behind `value`. */
  #indexBehind(value: number): number {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#ranges[middle]!.end > value) high = middle
      else low = middle + 1
    }
    return low
  }
}
