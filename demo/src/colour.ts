/** A hue for an address, the same wherever it is shown. */
export function hueOf(address: string): number {
  let sum = 7
  for (let index = 0; index < address.length; index++) sum = (sum * 31 + address.charCodeAt(index)) % 3600
  return sum % 360
}
