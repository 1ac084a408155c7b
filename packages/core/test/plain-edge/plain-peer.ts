import type { Channel } from '../../src/channel/channel.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import type { Router } from '../../src/routing/router.ts'
import { decodeRouteAdvert, decodeServiceAdvert, encodeRouteAdvert, encodeServiceAdvert } from '../../src/wire/adverts.ts'
import { frame } from '../../src/wire/kiss.ts'
import { netStates, type DecodedPacket, type Packet } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { packetFromJson, packetToJson } from '../../src/wire/packet-json.ts'
import { PlainStreamReader } from '../../src/wire/plain-stream.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { text, type RouterWorld } from '../routing/router-world.ts'

/** A plain ALN node as a script: what it hears is kept, what it says is up to the test. */
export class PlainPeer {
  readonly heard: DecodedPacket[] = []
  /** Who answers queries, as every stack does; undefined: nobody is there any more. */
  answersAs: string | undefined
  readonly #channel: Channel
  readonly #reader = new PlainStreamReader({ packetBytesMax: 5_120 })

  constructor(world: RouterWorld, router: Router, carries: 'stream' | 'text' = 'stream') {
    const [dialer, listener] = memoryChannelPair(world.clock, { latencyMs: 5, carries })
    this.#channel = dialer
    dialer.start({
      message: (bytes) => {
        const packets = carries === 'stream' ? this.#reader.push(bytes) : [packetFromJson(new TextDecoder().decode(bytes))]
        for (const packet of packets) if (!isWireFault(packet)) this.#hear(packet)
      },
      drained: () => {},
      closed: () => {},
    })
    router.addChannel(listener)
  }

  #hear(packet: DecodedPacket): void {
    this.heard.push(packet)
    if (packet.netState === netStates.query && !packet.data && this.answersAs) this.say(routeSaid(this.answersAs, this.answersAs, 1))
  }

  say(...packets: Packet[]): void {
    for (const packet of packets) {
      this.#channel.send(this.#channel.carries === 'stream' ? frame(encodePacket(packet)) : new TextEncoder().encode(packetToJson(packet)))
    }
  }

  /** As the Python stack does on connect. */
  join(name: string, ...services: string[]): void {
    this.say({ netState: netStates.query }, { netState: netStates.route, srcAddr: name, data: encodeRouteAdvert(name, 1) })
    for (const service of services) this.say({ netState: netStates.service, data: encodeServiceAdvert(name, service, 1) })
  }

  routes(): string[] {
    return this.heard
      .filter(({ netState }) => netState === netStates.route)
      .map(({ data }) => {
        const advert = decodeRouteAdvert(data!)
        return isWireFault(advert) ? 'fault' : `${advert.destination} ${advert.cost}`
      })
  }

  services(): string[] {
    return this.heard
      .filter(({ netState }) => netState === netStates.service)
      .map(({ data }) => {
        const advert = decodeServiceAdvert(data!)
        return isWireFault(advert) ? 'fault' : `${advert.host} ${advert.service} ${advert.load}`
      })
  }

  data(): DecodedPacket[] {
    return this.heard.filter(({ netState }) => !netState)
  }

  close(): void {
    this.#channel.close()
  }
}

export function pong(router: Router): void {
  router.registerService(
    'ping',
    (packet) => void router.send({ destAddr: packet.srcAddr, contextID: packet.contextID, data: `pong ${text(packet.data)}` }),
  )
}

/** "`destination` costs so much by me", said by `from`. */
export function routeSaid(from: string, destination: string, cost: number): Packet {
  return { netState: netStates.route, srcAddr: from, data: encodeRouteAdvert(destination, cost) }
}

export function serviceSaid(host: string, service: string, load: number, order: Pick<Packet, 'seqNum' | 'ackBlock'> = {}): Packet {
  return { netState: netStates.service, ...order, data: encodeServiceAdvert(host, service, load) }
}
