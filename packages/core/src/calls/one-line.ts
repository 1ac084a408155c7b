/** The beginning of a text, without control characters: what others wrote ends in logs and terminals. */
export function oneLine(text: string, charactersMax: number): string {
  // oxlint-disable-next-line no-control-regex
  return text.slice(0, charactersMax).replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
}

/** As much of a name as an error message shows. */
export function shownName(name: string): string {
  return oneLine(name, 64)
}
