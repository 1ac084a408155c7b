// Between 20 and 80 degrees it would be taken for the orange of this page itself.
const firstHue = 80
const hues = 300

/** A hue for an address, the same wherever it is shown. */
export function hueOf(address: string): number {
  let sum = 7
  for (let index = 0; index < address.length; index++) sum = (sum * 31 + address.charCodeAt(index)) % 3600
  return (firstHue + (sum % hues)) % 360
}
