// Which networks a relay serves, and by which keys. A relay never needs a network key: of each it knows the admission
// public key. Only one that lets plain ALN nodes into a network with a key needs that key itself.

import { MeshError, admissionKeyHash, deriveKeyring, isNetworkName, keyOfText, keyTextKind, networkKeySources } from '@hopmesh/core'
import type { Crypto, NetworkKeyring } from '@hopmesh/core'

/** A network that a relay carries, and by which keys. */
export interface PinnedNetwork {
  readonly name: string
  /** Admission public keys as `hopmesh key --public` prints them, at least one; with `alnInsecure` the network key itself. */
  readonly keys: readonly string[]
}

/** What a relay knows of a network that it serves by name. */
export interface NetworkPin {
  /** All of one router: a rotation. */
  readonly keyHashes: readonly [Uint8Array, ...Uint8Array[]]
  /** Only where plain nodes may come in. */
  readonly keyring: NetworkKeyring | undefined
}

/** By name; undefined: any key, or none. Throws INVALID_OPTION, which never quotes a key. */
export async function pinNetworks(
  networks: readonly (string | PinnedNetwork)[],
  { crypto, alnInsecure }: { readonly crypto: Crypto; readonly alnInsecure: boolean },
): Promise<Map<string, NetworkPin | undefined>> {
  const pins = new Map<string, NetworkPin | undefined>()
  for (const network of networks) {
    const { name, keys } = typeof network === 'string' ? { name: network, keys: undefined } : network
    if (!isNetworkName(name)) throw invalid(`'${name}' is not a network name: 1 to 64 bytes, no '/'`)
    if (pins.has(name)) throw invalid(`the network '${name}' is named twice: the keys of one network stand in one file`)
    pins.set(name, keys && (await (alnInsecure ? pinByKey(name, keys, crypto) : pinByAdmission(name, keys, crypto))))
  }
  return pins
}

async function pinByAdmission(name: string, keys: readonly string[], crypto: Crypto): Promise<NetworkPin> {
  const keyHashes: Uint8Array[] = []
  for (const text of keys) {
    const key = keyOfText('admission', text)
    if (key === undefined) {
      throw invalid(
        `the network '${name}' is pinned by something else than an admission public key: 'hopmesh key --public' prints what a relay needs`,
      )
    }
    keyHashes.push(await admissionKeyHash(key, crypto))
  }
  return { keyHashes: atLeastOne(name, keyHashes), keyring: undefined }
}

async function pinByKey(name: string, keys: readonly string[], crypto: Crypto): Promise<NetworkPin> {
  if (keys.some((text) => keyTextKind(text) === 'admission')) {
    throw invalid(`to let plain nodes into the network '${name}', alnInsecure needs the network key itself, not the admission public key`)
  }
  const keyring = await deriveKeyring(networkKeySources(keys), name, crypto)
  return {
    keyHashes: atLeastOne(
      name,
      keyring.map(({ keyHash }) => keyHash),
    ),
    keyring,
  }
}

function atLeastOne(name: string, [first, ...others]: readonly Uint8Array[]): [Uint8Array, ...Uint8Array[]] {
  if (first === undefined) throw invalid(`the network '${name}' is pinned by no key`)
  return [first, ...others]
}

function invalid(message: string): MeshError {
  return new MeshError('INVALID_OPTION', message)
}
