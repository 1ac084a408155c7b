import type { Channel, ChannelReceiver } from '../../src/channel/channel.ts'
import type { Environment } from '../../src/mesh/environment.ts'
import type { Crypto } from '../../src/ports/crypto.ts'
import { decodeLinkFrame, frameKinds, readItems } from '../../src/wire/link-frame.ts'
import { readMeshPacket, type MeshPacketHeader } from '../../src/wire/mesh-packet.ts'
import type { DecodedPacket } from '../../src/wire/packet.ts'
import { decodePacket } from '../../src/wire/packet-codec.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'

export interface SeenPacket {
  readonly header: MeshPacketHeader
  readonly packet: DecodedPacket
}

/** Somebody who reads the wire of some members: everything that leaves them and comes to them, by relays and directly. */
export class WireTap {
  readonly frames: Uint8Array[] = []

  /** Whether these bytes crossed any link. */
  saw(marker: string): boolean {
    const wanted = Buffer.from(marker)
    return this.frames.some((frame) => Buffer.from(frame).includes(wanted))
  }

  /** All that travelled in packets, as anybody on the way reads it. */
  packets(): SeenPacket[] {
    return this.frames.flatMap((bytes) => {
      const frame = decodeLinkFrame(bytes)
      if (isWireFault(frame) || frame.kind !== frameKinds.packets) return []
      const items = readItems(frame.body)
      return isWireFault(items) ? [] : items.flatMap((item) => seenPacket(item))
    })
  }

  environment(same: Environment, crypto: (port: Crypto) => Crypto = (port) => port): Environment {
    return {
      ...same,
      crypto: Promise.resolve(same.crypto).then(crypto),
      dialRelay: async (...dialed) => this.on(await same.dialRelay(...dialed)),
      peerDialers: same.peerDialers.map((dialer) => ({
        ...dialer,
        capability: dialer.capability,
        open: (attempt) => {
          const opened = dialer.open(attempt)
          return {
            channel: opened.channel.then((channel) => this.on(channel)),
            signal: (signal: string) => opened.signal(signal),
            cancel: () => opened.cancel(),
          }
        },
      })),
    }
  }

  /** The same channel, read along. */
  on(channel: Channel): Channel {
    const send = (message: Uint8Array): boolean => {
      this.frames.push(message.slice())
      return channel.send(message)
    }
    const start = (receiver: ChannelReceiver): void =>
      channel.start({
        message: (message) => {
          this.frames.push(message.slice())
          receiver.message(message)
        },
        drained: () => receiver.drained(),
        closed: (reason) => receiver.closed(reason),
      })
    return new Proxy(channel, {
      get(target, name) {
        if (name === 'send') return send
        if (name === 'start') return start
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }
}

function seenPacket(bytes: Uint8Array): SeenPacket[] {
  const header = readMeshPacket(bytes)
  if (isWireFault(header)) return []
  const packet = decodePacket(bytes.subarray(header.alnOffset))
  return isWireFault(packet) ? [] : [{ header, packet }]
}

/** Of id, both addresses and number: what is associated with records of sessions, and with nothing else. */
const associatedBytes = 80

/** Seals the records of sessions by copying: what is said in them can be read, and nothing else changes. */
export function copyingSessions(port: Crypto): Crypto {
  return {
    ...port,
    seal: (key, nonce, associated, plain) =>
      associated.length === associatedBytes ? Uint8Array.of(...plain, ...new Uint8Array(16)) : port.seal(key, nonce, associated, plain),
    open: (key, nonce, associated, sealed) =>
      associated.length === associatedBytes ? sealed.slice(0, -16) : port.open(key, nonce, associated, sealed),
  }
}
