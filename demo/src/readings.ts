/** One number that came, and when. */
export interface Reading {
  readonly value: number
  /** Milliseconds of this page's clock. */
  readonly at: number
}

/** What one source has said lately. */
export interface Series {
  readonly source: string
  /** What stands behind the number: '°F', 'hPa', or nothing. */
  readonly unit: string
  /** Oldest first. */
  readonly readings: readonly Reading[]
}

const readingsMax = 120
const sourcesMax = 12
const unitCharactersMax = 12

/** The first number of a text such as `53.33*F`, and what stands behind it. */
export function readingIn(text: string): { readonly value: number; readonly unit: string } | undefined {
  const [match, digits = ''] = /[-+]?\d+(?:\.\d+)?/.exec(text) ?? []
  const value = Number(digits || match)
  if (match === undefined || !Number.isFinite(value)) return undefined
  const behind = text.slice(text.indexOf(match) + match.length).trim()
  // Small displays have no degree sign: their sketches write a star.
  return { value, unit: behind.replace(/^\*/, '°').slice(0, unitCharactersMax) }
}

/** The last numbers of each source, those heard of lately; bounded in both. */
export class Readings {
  readonly #series = new Map<string, { unit: string; readings: Reading[] }>()

  /** Returns whether there was a number in it. */
  add(source: string, text: string, at: number): boolean {
    const found = readingIn(text)
    if (found === undefined) return false
    const series = this.#series.get(source) ?? { unit: '', readings: [] }
    series.unit = found.unit
    series.readings.push({ value: found.value, at })
    if (series.readings.length > readingsMax) series.readings.shift()
    if (!this.#series.has(source) && this.#series.size >= sourcesMax) this.#forgetOldest()
    this.#series.set(source, series)
    return true
  }

  list(): readonly Series[] {
    return [...this.#series].map(([source, { unit, readings }]) => ({ source, unit, readings }))
  }

  #forgetOldest(): void {
    const lastOf = ([, { readings }]: [string, { readings: Reading[] }]): number => readings.at(-1)?.at ?? 0
    const [oldest] = [...this.#series].sort((a, b) => lastOf(a) - lastOf(b))
    if (oldest !== undefined) this.#series.delete(oldest[0])
  }
}
