// The relay: doors to the outside (WebSocket of two kinds, TCP), and one router per network behind them. A channel comes
// in, its first words name the network, and from then on it is a link of that network's router like any other.

import { MeshError, encodeRefusal, silentLog } from '@hopmesh/core'
import type { KeyPair, Log, Router, RouterLink, WireNetwork } from '@hopmesh/core'
import { nodeClock, nodeDice } from '../system-ports.ts'
import { TcpHost } from '../tcp/tcp-host.ts'
import { Greetings } from './greetings.ts'
import { openGate } from './gate.ts'
import type { Gate } from './gate.ts'
import { relayLimits } from './limits.ts'
import type { RelayLimits } from './limits.ts'
import { FaultCount, prometheusText } from './metrics.ts'
import { readHello, readStreamSelection, readTextSelection } from './network-choice.ts'
import { Networks } from './networks.ts'
import { OpeningChannel } from './opening-channel.ts'
import type { WaitingChannel } from './opening-channel.ts'
import { pinNetworks } from './pinned-networks.ts'
import type { PinnedNetwork } from './pinned-networks.ts'
import { loadRelayIdentity } from './relay-identity.ts'
import { refusePlain } from './refuse-plain.ts'
import { WebFront } from './web-front.ts'

/** Where a relay listens, and whom it lets in. */
export interface RelayOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined
  /** HTTP and WebSocket; default 8080, 0 picks a free one. */
  readonly port?: number | undefined
  /** ALN over TCP; default 8081 with `aln`, else it does not listen. 0 picks a free one. */
  readonly tcp?: number | undefined
  /** Only these networks; default any. With `keys` only by these keys; by name alone each key is a network of its own. */
  readonly networks?: readonly (string | PinnedNetwork)[] | undefined
  /** Default: a new identity for this process. */
  readonly identity?: { readonly file: string } | KeyPair | undefined
  /** Takes plain ALN nodes, over TCP and over JSON WebSockets. */
  readonly aln?: boolean | undefined
  /**
   * With `aln`: also into networks that are pinned here, by the network key itself instead of the admission key. What
   * plain nodes say there is neither secret nor proven.
   */
  readonly alnInsecure?: boolean | undefined
  /** Lets in only who shows a token of one of these operators: public keys as `hopmesh token --public` prints them. */
  readonly operators?: readonly string[] | undefined
  /** Browser origins that may connect beside loopback ones: 'https://app.example'. */
  readonly origins?: readonly string[] | undefined
  readonly log?: Log | undefined
  readonly limits?: Partial<RelayLimits> | undefined
}

/** Starts a relay. Rejects with PORT_IN_USE, INVALID_OPTION or IDENTITY_FILE. */
export async function startRelay(options: RelayOptions = {}): Promise<Relay> {
  const relay = new Relay(options)
  try {
    await relay.start()
  } catch (error) {
    await relay.close()
    throw error
  }
  return relay
}

/** A relay that `startRelay` has started. */
export class Relay {
  readonly #options: RelayOptions
  readonly #limits: RelayLimits
  readonly #log: Log
  readonly #host: string
  readonly #aln: boolean
  readonly #bytes = { received: 0, sent: 0 }
  readonly #faults = new FaultCount()
  readonly #greetings: Greetings
  readonly #web: WebFront
  readonly #tcpHost = new TcpHost()
  readonly #startedAt = nodeClock.now()
  #networks: Networks | undefined
  #gate: Gate | undefined
  #cancelSweep: () => void = () => {}
  #closing: Promise<void> | undefined
  #ws = ''
  #tcp: string | undefined

  constructor(options: RelayOptions = {}) {
    this.#options = options
    this.#aln = options.aln === true || options.alnInsecure === true
    this.#limits = { ...relayLimits, ...options.limits }
    this.#log = options.log ?? silentLog
    this.#host = options.host ?? '127.0.0.1'
    this.#greetings = new Greetings(this.#limits)
    this.#web = new WebFront({
      host: this.#host,
      port: options.port ?? 8080,
      origins: options.origins ?? [],
      connectionsMax: this.#limits.connectionsMax,
      silenceMs: this.#limits.silenceMs,
      health: () => this.#health(),
      metrics: () => this.metrics(),
      onChannel: (channel, remoteAddress, network) => this.#receive(channel, remoteAddress, network),
      onFault: (code, message) => this.#fault(code, message),
    })
  }

  /** ws://host:port */
  get ws(): string {
    return this.#ws
  }

  /** host:port, while it listens for TCP. */
  get tcp(): string | undefined {
    return this.#tcp
  }

  async start(): Promise<void> {
    this.#networks = await this.#openNetworks()
    const shownHost = this.#host.includes(':') ? `[${this.#host}]` : this.#host
    this.#ws = `ws://${shownHost}:${await this.#web.listen()}`
    const tcpPort = this.#options.tcp ?? (this.#aln ? 8081 : undefined)
    if (tcpPort !== undefined) {
      const at = { host: this.#host, port: tcpPort, connectionsMax: this.#limits.connectionsMax }
      const { port } = await this.#tcpHost.listen(at, (channel, remoteAddress) => this.#receive(channel, remoteAddress, undefined))
      this.#tcp = `${shownHost}:${port}`
    }
    this.#sweepLater()
    this.#log.write(3, 'relay', `listening at ${this.#ws}${this.#tcp === undefined ? '' : ` and tcp ${this.#tcp}`}`)
  }

  /** The numbers of `GET /metrics`, in Prometheus' text form. */
  metrics(): string {
    const routers = this.#networks?.routers() ?? []
    return prometheusText({
      networks: routers.length,
      links: countOf(routers, upLinks),
      members: countOf(routers, (router) => router.routes().filter((destination) => destination.kind === 'member').length),
      greetings: this.#greetings.size,
      packetsForwarded: countOf(routers, (router) => router.forwarded),
      bytes: this.#bytes,
      faults: this.#faults.byCode,
    })
  }

  /** Tells every member to look for another relay, lets what is under way leave, and stops. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#drain()
    return this.#closing
  }

  async #drain(): Promise<void> {
    this.#cancelSweep()
    const webGone = this.#web.stopListening()
    const goodbye = async (): Promise<void> => {
      await this.#networks?.close()
      await Promise.all([this.#tcpHost.close(), webGone])
    }
    await within(goodbye(), this.#limits.drainMs)
    this.#web.close()
  }

  async #openNetworks(): Promise<Networks> {
    const { networks = [], operators = [], alnInsecure = false } = this.#options
    const identity = await loadRelayIdentity(this.#options.identity)
    const pins = await pinNetworks(networks, { crypto: identity.crypto, alnInsecure })
    if (operators.length > 0) this.#gate = await openGate({ who: identity.who, operators, aln: this.#aln })
    return new Networks({
      identity,
      clock: nodeClock,
      dice: nodeDice,
      log: withoutFaults(this.#log),
      pins: pins.size > 0 ? pins : undefined,
      plainNodes: this.#aln ? 'accept' : 'refuse',
      networksMax: this.#limits.networksMax,
      networkIdleMs: this.#limits.networkIdleMs,
      onFault: (code, message, network) => this.#fault(code, `${network}: ${message}`),
    })
  }

  #receive(channel: WaitingChannel, remoteAddress: string, network: string | undefined): void {
    this.#accept(channel, remoteAddress, network).catch((error: unknown) => {
      // Only a mistake of ours comes here; it costs this channel and nobody else.
      this.#fault('LINK_FAILED', `${channel.label}: ${error instanceof Error ? error.message : String(error)}`)
      channel.close('the relay failed')
    })
  }

  /** Settles when the channel has found its router or is closed. */
  async #accept(inner: WaitingChannel, remoteAddress: string, network: string | undefined): Promise<void> {
    const channel = new OpeningChannel(inner, nodeClock, this.#bytes)
    this.#greetings.begin(remoteAddress, channel)
    const chosen = channel.carries === 'frames' ? await this.#chosenByHello(channel) : await this.#chosenByPlain(channel, network)
    if (chosen === undefined || channel.over || this.#closing !== undefined) {
      this.#greetings.end(channel)
      return channel.close('no network was chosen')
    }
    this.#join(channel, chosen)
  }

  /** A plain node knows a network by name only. */
  #join(channel: OpeningChannel, network: WireNetwork | string): void {
    const router = this.#routerFor(channel, network)
    if (router === undefined) return this.#greetings.end(channel)
    const link: RouterLink = router.addChannel(channel, {
      // "I am a relay" is no door: whoever comes in is a member (SE2).
      admitMember: (joining) =>
        joining.record.kind === 'relay'
          ? new MeshError(
              'HANDSHAKE_FAILED',
              `${joining.record.address} calls itself a relay: this one lets members in, and links to no other relay`,
            )
          : this.#gate?.admit(joining, channel, () => link),
    })
    this.#greet(channel, router, link)
  }

  /** Apart from what the link keeps as long as it lives: of this nothing shall stay once it is up. */
  #greet(channel: OpeningChannel, router: Router, link: RouterLink): void {
    const cancelSilence = nodeClock.setTimer(this.#limits.silenceMs, () => {
      if (!channel.heard) link.close('it said nothing')
    })
    const greeted = (): void => {
      this.#greetings.end(channel)
      // Over TCP who says nothing is taken for a plain node after a while, and may still say nothing.
      if (channel.heard || channel.over) cancelSilence()
    }
    // Settled also when the link ends before it is up.
    link.up.then((peer) => {
      greeted()
      if (peer.kind !== 'relay') this.#networks?.joined(router, link)
    }, greeted)
  }

  async #chosenByHello(channel: OpeningChannel): Promise<WireNetwork | undefined> {
    const hello = await channel.choose(readHello, nodeClock, this.#limits.silenceMs)
    if (typeof hello !== 'string') return hello
    this.#fault('WIRE_FAULT', `${channel.label}: ${hello}`)
    channel.send(encodeRefusal({ code: 'WIRE_FAULT', text: hello }))
    channel.close(hello)
    return undefined
  }

  async #chosenByPlain(channel: OpeningChannel, network: string | undefined): Promise<string | undefined> {
    // A browser or script that asks for no subprotocol is plain for certain; over TCP the greeting tells.
    if (channel.carries === 'text' && !this.#aln) {
      this.#refuse(channel, new MeshError('PLAIN_REFUSED', 'This relay does not take plain ALN nodes; it needs --aln'))
      return undefined
    }
    if (network !== undefined) return network
    const read = channel.carries === 'text' ? readTextSelection : readStreamSelection
    const selected = await channel.choose(read, nodeClock, this.#limits.selectionMs)
    return selected || (this.#networks?.plainDefault ?? 'default')
  }

  #routerFor(channel: OpeningChannel, network: WireNetwork | string): Router | undefined {
    try {
      return typeof network === 'string' ? this.#networks?.plainRouter(network) : this.#networks?.router(network)
    } catch (error) {
      if (!(error instanceof MeshError)) throw error
      this.#refuse(channel, error)
      return undefined
    }
  }

  #refuse(channel: OpeningChannel, error: MeshError): void {
    this.#fault(error.code, `${channel.label}: ${error.message}`)
    if (channel.carries === 'frames') channel.send(encodeRefusal({ code: error.code, text: error.message }))
    else refusePlain(channel, error)
    channel.close(error.code)
  }

  #fault(code: string, message: string): void {
    const count = this.#faults.add(code)
    // The first, the tenth, the hundredth: whoever misbehaves all day does not fill the disk.
    if (/^10*$/.test(String(count))) this.#log.write(3, 'relay', `${code} ${message} (${count} so far)`)
  }

  #health(): object {
    const routers = this.#networks?.routers() ?? []
    return {
      ok: true,
      networks: routers.length,
      links: countOf(routers, upLinks),
      upSeconds: Math.round((nodeClock.now() - this.#startedAt) / 1_000),
    }
  }

  #sweepLater(): void {
    this.#cancelSweep = nodeClock.setTimer(this.#limits.networkIdleMs / 4, () => {
      this.#networks?.sweep()
      this.#sweepLater()
    })
  }
}

/** Routers write each fault as a notice; here they are counted, and told now and then. */
function withoutFaults(log: Log): Log {
  return {
    level: log.level,
    write(level, room, message, details) {
      if (level !== 3) log.write(level, room, message, details)
    },
  }
}

function upLinks(router: Router): number {
  return router.links().filter((link) => link.peer !== undefined).length
}

function countOf(routers: readonly Router[], count: (router: Router) => number): number {
  return routers.reduce((sum, router) => sum + count(router), 0)
}

async function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs)
  })
  await Promise.race([work, limit])
  clearTimeout(timer)
}
