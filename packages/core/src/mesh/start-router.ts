import { MeshError } from '../errors/mesh-error.ts'
import { addressOf, drawTab, whoOf } from '../identity/address.ts'
import { deriveKeyring, type NetworkKeyring } from '../identity/network-key.ts'
import { wireNetwork } from '../identity/wire-network.ts'
import type { Awaitable, Crypto } from '../ports/crypto.ts'
import { deflateCapability } from '../messages/squeezed-message.ts'
import type { Log } from '../ports/log.ts'
import { scopedStore } from '../ports/scoped-store.ts'
import type { Store } from '../ports/store.ts'
import { describeThrown, handled } from '../async/operations.ts'
import type { CapableIdentity } from '../routing/capable-identity.ts'
import type { PlainPart } from '../routing/plain/plain-part.ts'
import { Router } from '../routing/router.ts'
import type { PeerDialer } from '../signaling/peer-dialer.ts'
import type { Environment } from './environment.ts'
import { latePart } from './late-part.ts'
import type { MeshSettings } from './mesh-settings.ts'
import { SealedBodies } from './sealed-bodies.ts'

export interface StartedRouter {
  readonly router: Router
  /** Goes on under another address of the same `who`. Resolves with it, once the router has it. */
  readdress(): Promise<string>
  /** The sessions with other members. */
  readonly sealed: SealedBodies
  readonly who: string
  /** Undefined: a network without a key. */
  readonly keyring: NetworkKeyring | undefined
  readonly dialers: readonly PeerDialer[]
  /** Of this identity in this network; undefined: nothing outlives the process. */
  readonly store: Store | undefined
  readonly crypto: Crypto
}

/** Loads the identity, draws what this process alone has, and makes the router. */
export async function startRouter(settings: MeshSettings, environment: Environment, log: Log): Promise<StartedRouter> {
  try {
    return await start(settings, environment, log)
  } catch (error) {
    if (error instanceof MeshError) throw error
    throw new MeshError('NOT_READY', `the identity could not be loaded: ${describeThrown(error)}`, { cause: error })
  }
}

async function start(settings: MeshSettings, environment: Environment, log: Log): Promise<StartedRouter> {
  const { clock, dice } = environment
  const crypto = await environment.crypto
  const { keyPair, tab, lastEpoch = 0, store } = await environment.loadIdentity(crypto)
  const keyring = settings.keys.length ? await deriveKeyring(settings.keys, settings.network, crypto) : undefined
  const who = await whoOf(keyPair.publicKey, crypto)
  const dialers = settings.webrtc ? environment.peerDialers : []
  const network = wireNetwork(settings.network, keyring?.[0].keyHash)
  const otherKeyHashes = keyring?.slice(1).map(({ keyHash }) => keyHash)
  const { name } = settings
  const capabilities = [...dialers.map(({ capability }) => capability), ...(environment.compression ? [deflateCapability] : [])]
  const identityOf = async (suffix: string, epochBefore: number): Promise<CapableIdentity> => {
    const address = addressOf(who, suffix)
    const exchangeKeys = await crypto.generateExchangeKeys()
    // The clock may have gone back since the last process with this address; its epoch may not.
    const epoch = Math.max(epochBefore + 1, Math.floor(clock.wallTime() / 1000))
    environment.keepEpoch?.(address, epoch)
    return { address, exchangeKeys, network, otherKeyHashes, keyring, crypto, keyPair, kind: 'member', epoch, name, capabilities }
  }
  const identity = await identityOf(tab ?? drawTab(dice), lastEpoch)
  const plain = (): Awaitable<PlainPart> => latePart(environment, 'plain')
  const options = { clock, dice, log, plain, plainNodes: settings.plainNodes, leaf: settings.role === 'leaf', contested: 'yield' as const }
  const router = new Router(identity, options)
  const sealed = new SealedBodies(router, { clock, dice, log, identity })
  const readdress = async (): Promise<string> => {
    const suffix = environment.redrawTab ? await environment.redrawTab(who) : drawTab(dice)
    const next = await identityOf(suffix, 0)
    sealed.readdress(next)
    // The old links end by and by; the new ones do not wait for them.
    void handled(router.readdress(next))
    return next.address
  }
  return { router, readdress, sealed, who, keyring, dialers, crypto, store: store && scopedStore(store, `${settings.network}/`) }
}
