import { keyText } from '@hopmesh/core'
import { loadIdentityFile } from '../identity-file.ts'
import { signToken } from '../tokens.ts'
import { printLine } from './output.ts'
import type { Settings } from './settings.ts'

/** A token, signed with the key in the operator's identity file, which is made when there is none; or that key's public half. */
export async function runToken(settings: Settings): Promise<void> {
  const { seed, keyPair } = loadIdentityFile(String(settings['operator']))
  if (settings['public'] === true) {
    const text = keyText('operator', keyPair.publicKey)
    return printLine(settings, { operator: text }, text)
  }
  const expiresAt = Math.floor(Date.now() / 1_000) + Number(settings['ttl'])
  const claims = {
    network: String(settings['network']),
    who: String(settings['who']),
    expiresAt,
    relay: typeof settings['relay'] === 'string' ? settings['relay'] : undefined,
    bytesPerSecond: typeof settings['bytesPerSecond'] === 'number' ? settings['bytesPerSecond'] : undefined,
  }
  const token = await signToken(claims, seed)
  printLine(settings, { token, expiresAt }, token)
}
