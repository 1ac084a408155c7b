// What core needs from the world, as Node.js has it: real time, the system's chance and crypto, WebSockets to relays.

import { MeshError, meshSettings } from '@hopmesh/core'
import type { Environment, Log, MeshOptions } from '@hopmesh/core'
import { lateParts } from '@hopmesh/core/late'
import { loadIdentityFile } from './identity-file.ts'
import type { IdentityFile, TabClaim } from './identity-file.ts'
import { nodeCompression } from './node-compression.ts'
import { nodeCrypto } from './node-crypto.ts'
import { StoreFile } from './store-file.ts'
import { stderrLog } from './stderr-log.ts'
import { nodeClock, nodeDice } from './system-ports.ts'
import { dialWebSocket } from './websocket/dialer.ts'

/** The environment of one mesh of this process. Throws INVALID_OPTION. */
export function nodeEnvironment(options: MeshOptions): Environment {
  // First, so that a mistake is told in the words of the option.
  meshSettings(options)
  if (options.identity === 'persistent') {
    throw new MeshError('INVALID_OPTION', "identity: 'persistent' is for pages; in Node.js it is { file: 'path' }")
  }
  const log = stderrLog(options.debug)
  let file: IdentityFile | undefined
  let claim: TabClaim | undefined
  let store: StoreFile | undefined
  let disposed = false
  return {
    clock: nodeClock,
    dice: nodeDice,
    log,
    crypto: nodeCrypto(),
    async loadIdentity(crypto) {
      const { identity } = options
      if (identity === undefined || typeof identity === 'string') return { keyPair: await crypto.generateKeyPair() }
      if (!('file' in identity)) return { keyPair: identity }
      file = loadIdentityFile(identity.file)
      claim = file.claimTab()
      if (disposed) claim?.release()
      // The last epoch is that of the kept address; another one begins anew.
      if (!claim) return { keyPair: file.keyPair }
      if (!disposed) store = openStore(`${identity.file}.kept`, log)
      return { keyPair: file.keyPair, tab: claim.tab, lastEpoch: file.lastEpoch, store }
    },
    keepEpoch(_address, epoch) {
      try {
        if (claim) file?.keepEpoch(epoch)
      } catch (error) {
        log.write(2, 'identity', error instanceof Error ? error.message : String(error))
      }
    },
    dialRelay: (url, signal) => dialWebSocket(url, { signal }),
    compression: nodeCompression,
    late: () => lateParts,
    peerDialers: [],
    warnings: [],
    dispose() {
      disposed = true
      store?.close()
      claim?.release()
    },
  }
}

/** Undefined: nothing is kept beyond the process, which is better than no process. */
function openStore(path: string, log: Log): StoreFile | undefined {
  try {
    return new StoreFile(path)
  } catch (error) {
    log.write(1, 'identity', error instanceof Error ? error.message : String(error))
    return undefined
  }
}
