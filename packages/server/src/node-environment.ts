// What core needs from the world, as Node.js has it: real time, the system's chance and crypto, WebSockets to relays.

import { MeshError } from '@hopmesh/core'
import type { Crypto, Environment, LoadedIdentity, MeshOptions } from '@hopmesh/core'
import { loadIdentityFile } from './identity-file.ts'
import { nodeCrypto } from './node-crypto.ts'
import { stderrLog } from './stderr-log.ts'
import { nodeClock, nodeDice } from './system-ports.ts'
import { dialWebSocket } from './websocket/dialer.ts'

/** The environment of one mesh of this process. Throws INVALID_OPTION. */
export function nodeEnvironment(options: MeshOptions): Environment {
  if (options.identity === 'persistent') {
    throw new MeshError('INVALID_OPTION', "identity: 'persistent' is for pages; in Node.js it is { file: 'path' }")
  }
  return {
    clock: nodeClock,
    dice: nodeDice,
    log: stderrLog(options.debug),
    crypto: nodeCrypto(),
    loadIdentity: (crypto) => loadIdentity(options.identity, crypto),
    dialRelay: (url, signal) => dialWebSocket(url, { signal }),
    peerDialers: [],
    warnings: [],
  }
}

async function loadIdentity(identity: MeshOptions['identity'], crypto: Crypto): Promise<LoadedIdentity> {
  if (identity === undefined || typeof identity === 'string') return { keyPair: await crypto.generateKeyPair() }
  return 'file' in identity ? loadIdentityFile(identity.file) : { keyPair: identity }
}
