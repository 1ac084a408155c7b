import { webCrypto, webCryptoWorks } from '@hopmesh/core'
import type { Crypto, Dice, WebSubtle } from '@hopmesh/core'

export interface PageCrypto {
  readonly crypto: Crypto
  /** Undefined where WebCrypto is missing or lacks a primitive: then `crypto` is @noble. */
  readonly subtle: WebSubtle | undefined
}

/** Loads @noble only where it is needed: an origin without `crypto.subtle`, or a browser without Ed25519 or X25519. */
export async function choosePageCrypto(dice: Dice): Promise<PageCrypto> {
  // On an insecure origin `subtle` is missing although its type says otherwise.
  const subtle = globalThis.crypto.subtle as SubtleCrypto | undefined as WebSubtle | undefined
  if (subtle !== undefined && (await webCryptoWorks(subtle))) return { crypto: webCrypto(subtle), subtle }
  const { nobleCrypto } = await import('@hopmesh/core/noble')
  return { crypto: nobleCrypto(dice), subtle: undefined }
}

/** The page's cryptographic source of chance; it exists on every origin. */
export const pageDice: Dice = {
  bytes: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
  random: () => (globalThis.crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32,
}
