import { MeshError, deriveNetworkKeys, keyText, networkKeySources } from '@hopmesh/core'
import { readNetworkKeys, writeKeyFile } from '../key-file.ts'
import { nodeCrypto } from '../node-crypto.ts'
import { nodeDice } from '../system-ports.ts'
import { printLine } from './output.ts'
import type { Settings } from './settings.ts'

/** A new network key on stdout or in a file; or what relays need to know of the keys in a file. */
export async function runKey(file: string | undefined, settings: Settings): Promise<void> {
  if (settings['public'] === true) return printPublic(file, settings)
  const key = keyText('network', nodeDice.bytes(32))
  if (file === undefined) return printLine(settings, { key }, key)
  writeKeyFile(file, key)
  printLine(settings, { file }, `${file} holds a new network key. For relays: hopmesh key --public --network NAME ${file}`)
}

async function printPublic(file: string | undefined, settings: Settings): Promise<void> {
  if (file === undefined) throw new MeshError('INVALID_OPTION', '--public needs a key file: hopmesh key --public FILE')
  const crypto = nodeCrypto()
  for (const source of networkKeySources(readNetworkKeys(file))) {
    const { admission } = await deriveNetworkKeys(source, String(settings['network']), crypto)
    const text = keyText('admission', admission.publicKey)
    printLine(settings, { network: settings['network'], admission: text }, text)
  }
}
