/** What an app or a file gave may be refused by throwing, but only in words of ours. */
export function orCode(reading, MeshError) {
  try {
    return reading()
  } catch (error) {
    if (error instanceof MeshError) return undefined
    throw error
  }
}
