// The links of one node: who greets, who is let in, who is a neighbour, and where what they say goes. A link's facts
// enter routing here and nowhere else.

import type { MemoryBudget } from '../bytes/memory-budget.ts'
import type { Channel } from '../channel/channel.ts'
import { asMeshError } from '../async/operations.ts'
import { run, wait, type Steps } from '../async/awaitable.ts'
import { MeshError, type MeshErrorCode } from '../errors/mesh-error.ts'
import { epochOf, processOf, standsBefore } from '../identity/member-record.ts'
import { isKeyed } from '../identity/wire-network.ts'
import type { Gossip } from '../gossip/gossip.ts'
import type { LinkOptions } from '../link/link-options.ts'
import { plainPacketBytesMax } from '../link/frame-port.ts'
import { ChannelLink } from '../link/channel-link.ts'
import type { Link } from '../link/link.ts'
import { ReadingTurns } from '../link/reading-turns.ts'
import type { LinkEnding, LinkOwner, ProvenRecord } from '../link/link-owner.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import type { Awaitable } from '../ports/crypto.ts'
import { isGossip } from '../wire/gossip-control.ts'
import type { CapableIdentity } from './capable-identity.ts'
import type { Forwarder } from './packets/forwarder.ts'
import { Flaps } from './flaps.ts'
import { LinkPace } from './link-pace.ts'
import { costInfinite, LinkCost, type LinkQuality } from './link-cost.ts'
import type { LinkNeighbour } from './link-neighbour.ts'
import type { PlainSide } from './plain/plain-side.ts'
import type { RouteExchange } from './exchange/route-exchange.ts'

/** How often links are asked for signs of life. */
const tickEveryMs = 1_000
/** And while one of them owes a sign. */
const waitingTickEveryMs = 250
/** A relay may have thousands of members, and tells each of them of hundreds. */
const leafNamesKept = 8
/** From the last choice to the end of a link that is closed with grace. */
export const retireMs = 300
/** While another way is being asked for the link stays a little longer. */
const retireStepMs = 100
export const retireMaxMs = 3_000

export interface NeighbourhoodParts {
  readonly identity: CapableIdentity
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  readonly plainNodes: 'accept' | 'refuse'
  readonly exchange: RouteExchange
  readonly forwarder: Forwarder
  readonly plainSide: PlainSide
  readonly memory: MemoryBudget
  readonly gossip: Gossip<LinkNeighbour>
  /** This node's signed record as it is now. */
  record(): Awaitable<Uint8Array>
  noticed(notice: { readonly code: string; readonly text: string; readonly from: string }): void
  /** A link ended, not by the wish of this node, and everything that was reached through it alone is gone from the tables. */
  lost(address: string): void
  fault(code: string, message: string): void
}

export class Neighbourhood {
  readonly #parts: NeighbourhoodParts
  readonly #owner: LinkOwner
  readonly #links = new Set<Link>()
  readonly #neighbours = new Map<Link, LinkNeighbour>()
  readonly #flaps = new Flaps()
  readonly #pace: LinkPace | undefined
  #reluctant = false
  #cancelTick: (() => void) | undefined
  #closed = false

  constructor(parts: NeighbourhoodParts) {
    this.#parts = parts
    this.#owner = this.#linkOwner()
    if (parts.identity.kind === 'relay') this.#pace = new LinkPace()
  }

  /** Also those that are still greeting. */
  links(): readonly Link[] {
    return [...this.#links]
  }

  greet(channel: Channel, options: LinkOptions): Link {
    const link = new ChannelLink(channel, this.#owner, options)
    if (this.#closed) {
      link.close('the router is closed')
      return link
    }
    this.#links.add(link)
    this.#parts.memory.add(link)
    if (channel.carries === 'frames') link.open()
    else void run(this.#openMaybePlain(link, channel.carries))
    this.#cancelTick ??= this.#parts.clock.setTimer(tickEveryMs, () => this.#tick())
    return link
  }

  /** Plain ALN may have to be loaded first; until the channel is opened it keeps what comes. */
  *#openMaybePlain(link: ChannelLink, carries: 'stream' | 'text'): Steps<void> {
    try {
      const { plainCodec } = yield* wait(this.#parts.plainSide.open())
      link.open(plainCodec(carries, plainPacketBytesMax))
    } catch (error) {
      link.giveUp(asMeshError(error))
    }
  }

  /** Whether this node would rather not carry what others send: a hidden page, a metered line. */
  setReluctant(reluctant: boolean): void {
    this.#reluctant = reluctant
  }

  /** Makes the link the last choice of both sides, and closes it when better ways had time to be found (R12). */
  retire(link: Link, detail: string): void {
    const neighbour = this.#neighbours.get(link)
    if (!neighbour) return link.close(detail)
    link.sendControl({ type: 'closing' })
    this.#parts.exchange.retire(neighbour)
    this.#closeWhenRelieved(neighbour, detail, retireMs)
  }

  #closeWhenRelieved(neighbour: LinkNeighbour, detail: string, spentMs: number): void {
    const { clock, exchange } = this.#parts
    clock.setTimer(spentMs === retireMs ? retireMs : retireStepMs, () => {
      if (spentMs >= retireMaxMs || !exchange.awaitsRelief(neighbour)) neighbour.link.close(detail)
      else this.#closeWhenRelieved(neighbour, detail, spentMs + retireStepMs)
    })
  }

  /** Ends every link, with a notice where it is understood, and lets in no other. */
  async close(notice: { code: MeshErrorCode; text: string } | undefined): Promise<void> {
    this.#closed = true
    this.#cancelTick?.()
    const downs = this.links().map((link) => link.down)
    for (const link of this.links()) link.close('closed', notice)
    await Promise.all(downs)
  }

  #linkOwner(): LinkOwner {
    const { identity, clock, dice, log, plainNodes, exchange, forwarder, plainSide, gossip, noticed, fault, record } = this.#parts
    const { crypto, exchangeKeys, network, otherKeyHashes, keyring, address } = identity
    const withNeighbour = (link: Link, act: (neighbour: LinkNeighbour) => void): void => {
      const neighbour = this.#neighbours.get(link)
      if (neighbour) act(neighbour)
    }
    return {
      identity: { crypto, exchangeKeys, network, otherKeyHashes, keyring, address, relay: identity.kind === 'relay', record },
      clock,
      dice,
      log,
      reading: new ReadingTurns(clock),
      plainGreeting: (link) => (plainNodes === 'accept' ? (plainSide.edge?.greeting(link) ?? []) : []),
      joined: (link, proof) => this.#joined(link, proof),
      plain: (link) => this.#plainJoined(link),
      upgraded: (link) => plainSide.edge?.leave(link),
      control: (link, message) => {
        if (message.type === 'notice') noticed({ code: message.code, text: message.text, from: link.peer?.address ?? '' })
        else if (message.type === 'pace') link.setPace(link.peer?.kind === 'relay' ? message.seconds * 1_000 : 0)
        else if (isGossip(message)) withNeighbour(link, (neighbour) => gossip.control(neighbour, message))
        else withNeighbour(link, (neighbour) => exchange.receive(neighbour, message))
      },
      told: (link) => {
        const neighbour = this.#neighbours.get(link)
        return neighbour ? exchange.told(neighbour) : { hash: 0, count: 0 }
      },
      heard: (link, digest) => withNeighbour(link, (neighbour) => exchange.heard(neighbour, digest)),
      left: (link, proof) => exchange.left(this.#neighbours.get(link), proof),
      expects: (link, claimed) => {
        const neighbour = this.#neighbours.get(link)
        return neighbour !== undefined && exchange.expects(neighbour, claimed)
      },
      records: (link, records) => withNeighbour(link, (neighbour) => exchange.records(neighbour, records)),
      packet: (link, bytes, frame) => withNeighbour(link, (neighbour) => forwarder.passing(neighbour, bytes, frame)),
      plainPacket: (link, packet) => plainSide.edge?.receive(link, packet),
      closed: (link, ending) => this.#linkClosed(link, ending),
      fault,
    }
  }

  #joined(link: Link, proof: ProvenRecord): MeshError | undefined {
    const { record } = proof
    if (this.#parts.exchange.isTaken(proof)) return new MeshError('IDENTITY_IN_USE', `${record.address} is the name of another node here`)
    const process = processOf(record)
    for (const [other, known] of this.#neighbours) {
      if (known.address !== record.address || known.process === process) continue
      // Two processes under one address. Of a member the later life stands (a page that was reloaded), and the other is shown its record;
      // of a free-form name, which anybody may take, the first one.
      const later = record.kind !== 'named' && standsBefore({ epoch: epochOf(record.seq48), process }, known)
      const shown = later ? proof : this.#parts.exchange.record(record.address)
      if (record.kind !== 'named' && shown) (later ? other : link).sendControl({ type: 'records', records: [shown.bytes] })
      if (!later) return new MeshError('IDENTITY_IN_USE', `${record.address} is here already`)
      other.close('a later life of the same address joined', {
        code: 'IDENTITY_IN_USE',
        text: `another process joined as ${record.address}`,
      })
    }
    const kind = record.kind === 'relay' ? 'relay' : record.kind === 'named' ? 'plain' : 'member'
    const measured = new LinkCost(link.channel.medium, this.#quality(link))
    const heldMs = this.#flaps.heldMs(record.address, process, this.#parts.clock.now())
    const cost = heldMs > 0 ? costInfinite : measured.cost
    const lowPower = link.channel.medium === 'bluetooth'
    const neighbour: LinkNeighbour = {
      link,
      address: record.address,
      measured,
      cost,
      retiring: false,
      lowPower,
      kind,
      process,
      epoch: epochOf(record.seq48),
    }
    if (heldMs > 0) this.#parts.clock.setTimer(heldMs, () => this.#release(neighbour))
    this.#neighbours.set(link, neighbour)
    this.#parts.log.write(4, 'link', `joined ${record.address} over ${link.channel.label}`)
    if (this.#parts.identity.kind === 'relay' && kind === 'member') link.keepNames(leafNamesKept)
    this.#parts.exchange.join(neighbour, proof)
    this.#pace?.joined(neighbour)
    this.#parts.gossip.join(neighbour)
    return undefined
  }

  #plainJoined(link: Link): MeshError | undefined {
    if (this.#parts.plainNodes === 'refuse') {
      const why = isKeyed(this.#parts.identity.network) ? ', because the network has a key' : ''
      return new MeshError('PLAIN_REFUSED', `plain ALN nodes are not accepted here${why}`)
    }
    this.#parts.log.write(4, 'link', `a plain node at ${link.channel.label}`)
    this.#parts.plainSide.edge?.join(link)
    return undefined
  }

  #linkClosed(link: Link, ending: LinkEnding): void {
    const { plainSide, log, gossip, exchange } = this.#parts
    const neighbour = this.#neighbours.get(link)
    const address = neighbour?.address ?? plainSide.edge?.addressesBehind(link)[0]
    this.#links.delete(link)
    this.#parts.memory.delete(link)
    plainSide.edge?.leave(link)
    if (neighbour) {
      this.#neighbours.delete(link)
      log.write(4, 'link', `lost ${neighbour.address} over ${link.channel.label}`)
      if (ending === 'broke' && !this.#closed) this.#count(neighbour)
      gossip.leave(neighbour)
      exchange.leave(neighbour)
    }
    if (ending !== 'here' && !this.#closed && address !== undefined) this.#parts.lost(address)
  }

  #tick(): void {
    const now = this.#parts.clock.now()
    let waits = false
    for (const link of this.links()) {
      link.tick(now)
      waits ||= link.waits
    }
    for (const neighbour of this.#neighbours.values()) {
      if (neighbour.cost === costInfinite || !neighbour.measured.measure(this.#quality(neighbour.link), now)) continue
      this.#parts.exchange.recost(neighbour, neighbour.measured.cost)
    }
    this.#pace?.review(this.#neighbours.values(), this.#neighbours.size)
    this.#parts.exchange.tick(now)
    this.#parts.memory.review()
    this.#parts.gossip.tick(now)
    const nextMs = waits ? waitingTickEveryMs : tickEveryMs
    this.#cancelTick = this.#links.size > 0 ? this.#parts.clock.setTimer(nextMs, () => this.#tick()) : undefined
  }

  #quality(link: Link): LinkQuality {
    return { roundTripMs: link.roundTripMs, loss: link.loss, reluctant: this.#reluctant }
  }

  #count({ address, process }: LinkNeighbour): void {
    const heldMs = this.#flaps.broke(address, process, this.#parts.clock.now())
    if (heldMs > 0) this.#parts.fault('LINK_FLAPS', `the link to ${address} broke again and again: it is not used for ${heldMs / 1_000} s`)
  }

  /** The hold is over. */
  #release(neighbour: LinkNeighbour): void {
    if (this.#neighbours.get(neighbour.link) === neighbour) this.#parts.exchange.recost(neighbour, neighbour.measured.cost)
  }
}
