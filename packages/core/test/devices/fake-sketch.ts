import type { Channel } from '../../src/channel/channel.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import type { Device, DeviceDialer } from '../../src/devices/device-dialer.ts'
import { MeshError } from '../../src/errors/mesh-error.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { encodeRouteAdvert, encodeServiceAdvert } from '../../src/wire/adverts.ts'
import { kissEnd } from '../../src/wire/kiss.ts'
import { netStates, type DecodedPacket, type Packet } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { PlainStreamReader } from '../../src/wire/plain-stream.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'

export interface SketchOptions {
  readonly id?: string
  /** What it calls itself in adverts and packets. */
  address?: string
  readonly services?: readonly string[]
  /** It is connected, and says nothing. */
  mute?: boolean
  /** Only its readings say who it is: no advert at all. */
  readonly silentOnQuery?: boolean
}

/** The Arduino sketch behind a radio, as a script: adverts on query, a reading every two seconds, nothing escaped. */
export class FakeSketch implements Device {
  readonly id: string
  readonly name = 'ESP32-black-box-a'
  readonly heard: DecodedPacket[] = []
  opened = 0
  forgotten = 0
  /** Out of reach: opening fails. */
  away = false
  /** Opening neither succeeds nor fails. */
  stuck = false
  channel: Channel | undefined
  /** The page's end. */
  near: Channel | undefined
  readonly options: SketchOptions
  readonly #clock: Clock
  #stop = (): void => {}

  constructor(clock: Clock, options: SketchOptions = {}) {
    this.#clock = clock
    this.options = options
    this.id = options.id ?? 'device-1'
  }

  get address(): string {
    return this.options.address ?? this.name
  }

  async open(): Promise<Channel> {
    this.opened += 1
    if (this.stuck) return new Promise(() => {})
    if (this.away) throw new MeshError('LINK_FAILED', 'the device is out of reach')
    const [near, far] = memoryChannelPair(this.#clock, { latencyMs: 10, carries: 'stream', medium: 'bluetooth' })
    const reader = new PlainStreamReader({ packetBytesMax: 5_120 })
    this.channel = far
    this.near = near
    far.start({
      message: (bytes) => {
        for (const packet of reader.push(bytes)) if (!isWireFault(packet)) this.#hear(packet)
      },
      drained: () => {},
      closed: () => this.#stop(),
    })
    const reading = (): void => {
      this.#stop = this.#clock.setTimer(2_000, reading)
      if (!this.options.mute) this.say({ service: 'log', srcAddr: this.address, data: '53.33*F' })
    }
    this.#stop = this.#clock.setTimer(2_000, reading)
    return near
  }

  async forget(): Promise<void> {
    this.forgotten += 1
  }

  say(...packets: Packet[]): void {
    for (const packet of packets) this.raw(Uint8Array.of(...encodePacket(packet), kissEnd))
  }

  /** In the 20 bytes of a notification. */
  raw(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 20) this.channel?.send(bytes.slice(at, at + 20))
  }

  lose(): void {
    this.channel?.close('gatt disconnected')
  }

  #hear(packet: DecodedPacket): void {
    this.heard.push(packet)
    if (this.options.mute) return
    if (packet.netState === netStates.query && !this.options.silentOnQuery) this.advertise()
    else if (packet.service === 'ping' && packet.srcAddr && packet.contextID) {
      this.say({
        srcAddr: this.address,
        destAddr: packet.srcAddr,
        nextAddr: packet.srcAddr,
        contextID: packet.contextID,
        data: packet.data,
      })
    }
  }

  advertise(): void {
    this.say({ netState: netStates.route, srcAddr: this.address, data: encodeRouteAdvert(this.address, 1) })
    for (const service of this.options.services ?? [])
      this.say({ netState: netStates.service, data: encodeServiceAdvert(this.address, service, 1) })
  }
}

/** The chooser: a test says what the person does. */
export class FakeDialer implements DeviceDialer {
  readonly medium: 'bluetooth' | 'serial'
  choice: Device | MeshError | 'open' | undefined
  before: readonly Device[] = []
  asked = 0

  constructor(choice?: FakeDialer['choice'], medium: 'bluetooth' | 'serial' = 'bluetooth') {
    this.choice = choice
    this.medium = medium
  }

  choose(): Promise<Device> {
    this.asked += 1
    if (this.choice === 'open') return new Promise(() => {})
    if (this.choice instanceof MeshError) return Promise.reject(this.choice)
    return this.choice ? Promise.resolve(this.choice) : Promise.reject(new MeshError('PAIRING_DISMISSED', 'no device was chosen'))
  }

  async remembered(): Promise<readonly Device[]> {
    return this.before
  }
}
