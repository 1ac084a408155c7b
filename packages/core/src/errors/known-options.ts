import { MeshError } from './mesh-error.ts'

const keyCharactersMax = 64

/** A misspelled option must not be ignored. Throws INVALID_OPTION for what is no object, or has a key that is not among `names`. */
export function checkOptions(options: unknown, names: readonly string[], of = ''): void {
  const fault = optionsFault(options, names, of)
  if (fault) throw fault
}

/** The same as a value, for functions that reject instead of throwing. `of` names the option that these options belong to. */
export function optionsFault(options: unknown, names: readonly string[], of = ''): MeshError | undefined {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    return new MeshError('INVALID_OPTION', `${of || 'the options'} must be an object, such as { ${names[0] ?? ''}: … }`)
  }
  const prefix = of === '' ? '' : `${of}.`
  for (const key of Object.keys(options)) {
    if (names.includes(key)) continue
    const near = nearestName(key, names)
    const hint = near ? ` Did you mean '${prefix}${near}'?` : ` Known: ${names.join(', ')}.`
    return new MeshError('INVALID_OPTION', `unknown option '${prefix}${key.slice(0, keyCharactersMax)}'.${hint}`)
  }
  return undefined
}

function nearestName(key: string, names: readonly string[]): string | undefined {
  if (key.length > keyCharactersMax) return undefined
  const [best] = names
    .map((name) => ({ name, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
  return best && best.distance <= Math.max(2, key.length / 3) ? best.name : undefined
}

/** Letters to insert, delete or exchange (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const exchanged = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(exchanged, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
