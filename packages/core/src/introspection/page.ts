import { packetBodyBytesMax } from '../calls/requests.ts'

export interface PageOptions {
  /** Of all pages together. */
  readonly total: number
  /** Rows that stand on earlier pages. */
  readonly skip?: number
  /** How many of them `rows` begins behind already; default: all of them. */
  readonly passed?: number
  /** What stands beside the rows. */
  readonly more?: Readonly<Record<string, unknown>>
}

const encoder = new TextEncoder()

/** JSON { …more, total, skip, [name]: [row, …] } with as many rows as one answer holds; `total` tells what is missing. */
export function page(name: string, rows: Iterable<unknown>, { total, skip = 0, passed = skip, more = {} }: PageOptions): string {
  const head = `${JSON.stringify({ ...more, total, skip }).slice(0, -1)},"${name}":[`
  let bytes = encoder.encode(head).length + 2
  const shown: string[] = []
  let place = passed
  for (const row of rows) {
    if (place++ < skip) continue
    const json = JSON.stringify(row)
    bytes += encoder.encode(json).length + 1
    if (bytes > packetBodyBytesMax) break
    shown.push(json)
  }
  return `${head}${shown.join(',')}]}`
}
