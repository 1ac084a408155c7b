import { afterEach, describe, expect, it } from 'vitest'
import { run } from '../../src/async/awaitable.ts'
import { concatBytes } from '../../src/bytes/concat-bytes.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { addressOf, whoOf } from '../../src/identity/address.ts'
import { broadcastHolds, signBroadcast } from '../../src/identity/broadcast-proof.ts'
import { admissionKeyHash } from '../../src/identity/network-key.ts'
import { seq48Of, type MemberRecord } from '../../src/identity/member-record.ts'
import { receiptHolds, signReceipt } from '../../src/identity/receipt-proof.ts'
import { openRecord, signRecord } from '../../src/identity/signed-record.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { admissionHolds, signAdmission } from '../../src/identity/admission.ts'
import type { KeyPair } from '../../src/ports/crypto.ts'
import { simUrl } from '../../src/testing/simulator/sim-environment.ts'
import { encodeItems, encodeLinkFrame, encodeRefusal, frameKinds } from '../../src/wire/link-frame.ts'
import { encodeMeshPacket } from '../../src/wire/mesh-packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { WireFault } from '../../src/wire/wire-fault.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { now, RouterWorld } from '../routing/router-world.ts'

let meshWorld = new MeshWorld(1)
afterEach(() => meshWorld.close())

describe('SE12 before a handshake has ended', () => {
  it.each([0, 1])('SE12 nothing but the handshake counts: packets, control and a leave before frame %i of the dialer', async (before) => {
    const world = new RouterWorld()
    const [a, b, c] = [world.router('a'), world.router('b'), world.router('c')]
    world.link(c, b)
    world.run(500)
    const heard: string[] = []
    for (const router of [b, c]) router.registerService('door', () => void heard.push(router.address))
    const [dialer, listener] = memoryChannelPair(world.clock, { latencyMs: 10 })
    const packets = [b, c].map(({ address }) =>
      encodeMeshPacket({ hopLimit: 32 }, encodePacket({ srcAddr: a.address, destAddr: address, service: 'door' })),
    )
    const hostile = [
      encodeLinkFrame(frameKinds.packets, encodeItems(packets)),
      encodeLinkFrame(frameKinds.control, new Uint8Array(40)),
      encodeLinkFrame(frameKinds.leave, await b.record()),
    ]
    let sent = 0
    const send = dialer.send.bind(dialer)
    dialer.send = (message) => {
      sent += 1
      if (sent === before + 1) for (const bytes of hostile) send(bytes.slice())
      return send(message)
    }
    const { up } = b.addChannel(listener)
    a.addChannel(dialer)
    world.run(3_000)
    expect(heard).toEqual([])
    expect(b.destination(c.address)).toBeDefined()
    // A frame that is out of its turn ends the handshake: nobody honest sends one.
    await expect(up).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' })
    expect(b.destination(a.address)).toBeUndefined()
  })
})

describe('SE13 each signature says one thing', () => {
  const world = new RouterWorld()
  const { crypto } = world
  const network = wireNetwork('garden')
  const keyPair = now(crypto.generateKeyPair())
  const address = addressOf(now(whoOf(keyPair.publicKey, crypto)), 'aaaa')
  const record: MemberRecord = {
    network,
    address,
    publicKey: keyPair.publicKey,
    exchangeKey: now(crypto.generateExchangeKeys()).publicKey,
    seq48: seq48Of(1_700_000_000, 0),
    kind: 'member',
    name: 'Ada',
    capabilities: [],
    services: [],
    plainHosts: [],
  }
  const handshakeHash = new Uint8Array(32).fill(3)
  const frame = { network, origin: address, service: '$news' }
  const said = { epoch: 7, counter: 9, fleeting: false, ownTree: false, before: 0, saidAt: 1, body: new TextEncoder().encode('hello') }

  /** A key pair that signs under another prefix than it was asked to. */
  function confused(from: string, to: string): KeyPair {
    const [theirs, ours] = [from, to].map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array]
    return { ...keyPair, publicKey: keyPair.publicKey, sign: (text) => keyPair.sign(concatBytes([ours, text.subarray(theirs.length)])) }
  }

  const uses: Record<string, (signer: KeyPair) => boolean> = {
    'hopmesh.1 record': (signer) => !(now(openRecord(now(signRecord(record, signer)), crypto)) instanceof WireFault),
    'hopmesh.1 admission': (signer) => {
      const keyHash = now(admissionKeyHash(keyPair.publicKey, crypto))
      return now(run(admissionHolds(now(run(signAdmission(signer, handshakeHash))), { keyHash, handshakeHash, crypto })))
    },
    'hopmesh.1 broadcast': (signer) => {
      const data = now(run(signBroadcast(frame, said, { crypto, keyPair: signer, keys: undefined, salt: new Uint8Array(16) })))
      return now(run(broadcastHolds(frame, data, { publicKey: keyPair.publicKey, crypto })))
    },
  }

  uses['hopmesh.1 receipt'] = (signer) => {
    const rows = { origin: address, epoch: 7, fleeting: false, ranges: [{ start: 1, end: 4 }] }
    const receipt = now(run(signReceipt({ from: address, rows }, { network, keyPair: signer })))
    return now(run(receiptHolds(receipt, { network, publicKey: keyPair.publicKey, crypto })))
  }

  it.each(Object.keys(uses))('SE13 and says so itself: what is signed begins with %s', (use) => {
    let signed = ''
    uses[use]!({ ...keyPair, sign: (text) => ((signed = new TextDecoder('latin1').decode(text)), keyPair.sign(text)) })
    expect(signed.startsWith(use)).toBe(true)
  })

  it.each(Object.keys(uses))('SE13 what was signed for anything else is no %s', (use) => {
    expect(uses[use]!(keyPair)).toBe(true)
    for (const other of [...Object.keys(uses).filter((one) => one !== use), 'hopmesh.1 token', '', use.slice(0, -1)]) {
      expect(uses[use]!(confused(use, other)), other).toBe(false)
    }
  })
})

describe('SE14 a refusal before the handshake ends', () => {
  it.each(['NETWORK_KEY_MISMATCH', 'TOKEN_REFUSED', 'VERSION_MISMATCH', 'IDENTITY_IN_USE', 'SOMETHING NEW'])(
    'SE14 that somebody in between made up (%s) settles no operation and does not stop the dialing',
    async (code) => {
      meshWorld = new MeshWorld(120)
      meshWorld.relay()
      const bob = meshWorld.member('bob')
      bob.services.register('echo', (request) => request.text())
      await meshWorld.settle(bob.ready)
      let forgeries = 2
      const ada = meshWorld.member('ada', {
        relays: [simUrl('relay')],
        environment: (same) => ({
          ...same,
          dialRelay: async (...dialed) => {
            if (forgeries-- <= 0) return same.dialRelay(...dialed)
            const [theirs, ours] = memoryChannelPair(meshWorld.clock)
            ours.start({ message: () => void ours.send(encodeRefusal({ code, text: 'go away' })), drained: () => {}, closed: () => {} })
            return theirs
          },
        }),
      })
      await meshWorld.settle(ada.ready)
      let settled = false
      const waiting = ada.services.wait('echo', { timeoutMs: 120_000 }).finally(() => (settled = true))
      await meshWorld.clock.advance(50)
      expect([settled, ada.online]).toEqual([false, false])
      await meshWorld.settle(waiting)
      expect((await meshWorld.settle(ada.call('echo', 'still here'))).text()).toBe('still here')
    },
  )
})
