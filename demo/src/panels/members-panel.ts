import type { Mesh, Peer } from '@hopmesh/browser'
import { hueOf } from '../colour.ts'
import { element, panel, setText } from '../element.ts'
import { KeyedList } from '../keyed-list.ts'
import type { Row } from '../keyed-list.ts'
import type { People } from '../people.ts'
import { hops, milliseconds, sentenceForError, shortAddress } from '../plain-words.ts'
import type { Tracing } from '../tracing.ts'
import type { Panel } from './panel.ts'

/** How far what a node says of itself can be believed. */
const proofs = {
  verified: 'It holds the keys of its address: it has answered this page in a sealed session.',
  unverified: 'Others say that it is here; it has not answered this page in a sealed session yet.',
  plain: 'A plain ALN node has nothing to show: anybody could say this.',
} as const

const kinds = { member: 'member', relay: 'relay', plain: 'plain ALN node' } as const

class MemberRow implements Row<Peer> {
  readonly node: HTMLElement
  readonly #mesh: Mesh
  readonly #people: People
  readonly #dot = element('span', { 'aria-hidden': 'true' })
  readonly #name = element('strong', { 'data-testid': 'member-name' })
  readonly #path = element('span', { class: 'tag', 'data-testid': 'member-path' })
  readonly #proof = element('span', { class: 'tag proof', 'data-testid': 'member-proof' })
  readonly #facts = element('span', { class: 'facts', 'data-testid': 'member-facts' })
  readonly #note = element('span', { class: 'note', role: 'status', 'data-testid': 'member-note' })
  readonly #connect = element('button', { type: 'button', 'data-testid': 'connect' }, 'Connect')
  readonly #trace = element('button', { type: 'button', 'data-testid': 'member-trace' }, 'Trace')
  #connecting = false

  constructor(peer: Peer, mesh: Mesh, people: People, tracing: Tracing) {
    this.#mesh = mesh
    this.#people = people
    this.node = element(
      'li',
      {
        class: 'row member',
        'data-testid': 'member',
        'data-address': peer.address,
        'data-kind': peer.kind,
        style: `--hue: ${hueOf(peer.address)}`,
      },
      this.#dot,
      element('div', { class: 'grow' }, element('div', { class: 'title' }, this.#name, this.#path, this.#proof), this.#facts, this.#note),
      element('div', { class: 'choices' }, this.#trace, this.#connect),
    )
    this.#connect.addEventListener('click', () => void this.#dial(peer))
    this.#trace.addEventListener('click', () => void tracing.start(peer.address))
  }

  update(peer: Peer): void {
    setText(this.#name, this.#people.nameOf(peer.address))
    setText(this.#path, peer.state === 'unreachable' ? 'out of reach' : peer.direct ? 'direct' : 'relayed')
    this.node.dataset['state'] = peer.state
    const proof = peer.kind === 'plain' ? 'plain' : peer.verified ? 'verified' : 'unverified'
    setText(this.#proof, proof)
    this.#proof.dataset['proof'] = proof
    this.#proof.title = proofs[proof]
    // A page asks its relay for little: that it has not answered in a session yet says nothing.
    this.#proof.hidden = peer.kind === 'relay' && !peer.verified
    const ownDevice = peer.kind === 'plain' && this.#people.isOwnDevice(peer.address)
    this.#dot.className = `dot ${ownDevice ? 'device' : peer.kind}`
    const facts: string[] = [ownDevice ? 'device of this page' : kinds[peer.kind]]
    if (peer.state !== 'unreachable') {
      facts.push(hops(peer.hops))
      if (!peer.direct) facts.push(`through ${this.#people.nameOf(peer.via)}`)
      if (peer.roundTripMs !== undefined) facts.push(milliseconds(peer.roundTripMs))
    }
    const name = this.#people.nameOf(peer.address)
    const address = shortAddress(peer.address)
    if (address !== name && peer.address !== name) facts.push(address)
    setText(this.#facts, facts.join(' · '))
    this.#connect.hidden = peer.kind !== 'member' || peer.direct || peer.state === 'unreachable'
    this.#connect.disabled = this.#connecting
    this.#trace.hidden = peer.state === 'unreachable'
    this.#trace.setAttribute('aria-label', `Trace the way to ${this.#people.nameOf(peer.address)}`)
    this.#connect.setAttribute('aria-label', `Connect directly to ${this.#people.nameOf(peer.address)}`)
    if (peer.direct && !this.#connecting) setText(this.#note, '')
  }

  async #dial(peer: Peer): Promise<void> {
    this.#connecting = true
    this.#connect.disabled = true
    setText(this.#note, 'Looking for a direct way …')
    try {
      await this.#mesh.connect(peer.address)
      setText(this.#note, '')
    } catch (error) {
      setText(this.#note, sentenceForError(error))
    } finally {
      this.#connecting = false
      this.#connect.disabled = false
    }
  }
}

/** Everybody who is here: what they are, how far away, and a button to come closer. */
export class MembersPanel implements Panel {
  readonly node: HTMLElement
  readonly #people: People
  readonly #rows: KeyedList<Peer>
  readonly #mesh: Mesh
  /** Relays that were asked to show who they are; members do so with the first word. */
  readonly #asked = new Set<string>()
  readonly #empty = element('p', { class: 'empty' }, 'Nobody else yet. Open this page in a second tab.')

  constructor(mesh: Mesh, people: People, tracing: Tracing) {
    this.#people = people
    this.#mesh = mesh
    const list = element('ul', { class: 'rows', 'data-testid': 'members' })
    this.#rows = new KeyedList({ list, key: (peer) => peer.address, create: (peer) => new MemberRow(peer, mesh, people, tracing) })
    this.node = panel({ title: 'Who is here', testId: 'members-panel' }, list, this.#empty)
  }

  update(): void {
    const peers = this.#people.present()
    this.#rows.show(peers)
    this.#empty.hidden = peers.some((peer) => peer.kind !== 'relay')
    for (const peer of peers) if (peer.kind === 'relay' && peer.direct && !peer.verified) void this.#ask(peer)
  }

  async #ask({ address }: Peer): Promise<void> {
    if (this.#asked.has(address)) return
    this.#asked.add(address)
    try {
      await this.#mesh.ping(address)
    } catch {
      // It stays unverified, which is what there is to see.
    }
  }
}
