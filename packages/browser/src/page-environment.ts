// What core needs from the world, out of what a page has: timers, chance, WebCrypto or @noble, IndexedDB, WebSocket and
// WebRTC. Everything is looked for when a mesh is made, so that the module can be imported anywhere.

import { drawTab, MeshError, meshSettings, systemClock } from '@hopmesh/core'
import type { Environment, LateParts, MeshErrorCode, MeshOptions, PeerDialer } from '@hopmesh/core'
import { bluetoothDialer } from './bluetooth/dialer.ts'
import { pageCompression } from './page-compression.ts'
import { choosePageCrypto, pageDice } from './page-crypto.ts'
import { watchPageLife } from './page-life.ts'
import type { PageLife } from './page-life.ts'
import { pageLog } from './page-log.ts'
import { serialDialer } from './serial/dialer.ts'
import { checkIdentity, loadPageIdentity, type PageIdentity } from './storage/page-identity.ts'
import { keepEpoch } from './storage/tab-address.ts'
import { webRtcDialer } from './webrtc/dialer.ts'
import { iceServersOf } from './webrtc/ice-servers.ts'
import { dialWebSocket } from './websocket/dialer.ts'

export interface PageEnvironment extends Environment {
  readonly life: PageLife
  dispose(): void
}

/** Throws INVALID_OPTION. */
export function pageEnvironment(options: MeshOptions): PageEnvironment {
  // First, so that a mistake is told in the words of the option.
  meshSettings(options)
  checkIdentity(options.identity)
  const iceServers = iceServersOf(options.iceServers)
  const clock = systemClock({
    now: () => performance.now(),
    setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
    clearTimeout: (id) => clearTimeout(id as number),
    queueMicrotask: (callback) => queueMicrotask(callback),
    Date,
  })
  const life = watchPageLife(typeof document === 'undefined' ? undefined : window)
  const warnings: { code: MeshErrorCode; message: string }[] = []
  const warn = (code: MeshErrorCode, message: string): void => {
    warnings.push({ code, message })
  }
  const chosen = choosePageCrypto(pageDice).then((choice) => {
    if (choice.subtle === undefined) warn('INSECURE_CONTEXT', whyNoble())
    return choice
  })
  let disposed = false
  let identity: PageIdentity | undefined
  let release = (): void => {}
  const dialer = options.links?.webrtc === false ? undefined : webRtcDialer({ clock, iceServers, life })
  const peerDialers: PeerDialer[] = dialer === undefined ? [] : [dialer]
  return {
    clock,
    dice: pageDice,
    log: pageLog(options.debug),
    crypto: chosen.then(({ crypto }) => crypto),
    async loadIdentity(crypto) {
      const { subtle } = await chosen
      const loaded = await loadPageIdentity({ identity: options.identity, crypto, subtle, dice: pageDice, life, warn })
      identity = loaded
      release = () => loaded.release()
      if (disposed) release()
      return loaded
    },
    keepEpoch,
    redrawTab: async () => (await identity?.redraw?.()) ?? drawTab(pageDice),
    async dialRelay(url, signal) {
      await life.present()
      return dialWebSocket(url, { clock, signal, life })
    },
    late: loadLateParts,
    compression: pageCompression(),
    peerDialers,
    deviceDialers: [bluetoothDialer({ clock, life }), serialDialer({ clock, life })],
    warnings,
    life,
    onLeave: (leave) => life.track(leave),
    onHidden: (changed) => life.onHidden(changed),
    dispose() {
      disposed = true
      life.stop()
      release()
    },
  }
}

function whyNoble(): string {
  const cause = globalThis.isSecureContext ? 'this browser has no Ed25519 or X25519' : 'this page is neither https:// nor localhost'
  return `WebCrypto is missing (${cause}): keys are kept readable and cryptography runs in JavaScript, slower`
}

async function loadLateParts(): Promise<LateParts> {
  try {
    return (await import('@hopmesh/core/late')).lateParts
  } catch (error) {
    throw new MeshError('NOT_READY', 'the part of the library that is needed for it could not be loaded', { cause: error })
  }
}
