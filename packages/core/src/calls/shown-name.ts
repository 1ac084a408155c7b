/** As much of a name as fits a line. */
export function shownName(name: string): string {
  // oxlint-disable-next-line no-control-regex
  return name.slice(0, 64).replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
}
