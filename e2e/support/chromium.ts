import { findChromium } from '../../scripts/chromium.mjs'

/** Without the networking flags Chromium keeps dialling hosts that are not there. */
export const chromiumFlags: readonly string[] = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
]

/** Throws where there is no Chromium: `npm test` installs one. */
export function chromiumPath(): string {
  const path = findChromium()
  if (path === undefined)
    throw new Error('No Chromium found. Run `npm test`, which installs one, or set HOPMESH_CHROMIUM to the path of one.')
  return path
}
