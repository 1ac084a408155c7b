import type { Settings } from './settings.ts'

/** One line on stdout: the value under --json, else the text. */
export function printLine(settings: Settings, value: unknown, text: string): void {
  process.stdout.write(`${settings['json'] === true ? JSON.stringify(value) : text}\n`)
}

/** Rows under a heading, each column as wide as it needs. What strangers wrote loses its control characters. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = [heading, ...rows].map((row) => row.map((cell) => cell.replace(/\p{Cc}/gu, '?')))
  const widths = heading.map((_, column) => Math.max(...shown.map((row) => (row[column] ?? '').length)))
  return shown
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** '0.42 ms', '12.3 ms', '140 ms' */
export function milliseconds(ms: number): string {
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)} ms`
}

/** '5 s', '12 min', '3 h', '40 d' */
export function span(ms: number): string {
  const seconds = ms / 1_000
  if (seconds < 100) return `${Math.round(seconds)} s`
  if (seconds < 6_000) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}
