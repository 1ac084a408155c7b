import type { Mesh, Peer } from '@hopmesh/browser'
import { element, panel } from '../element.ts'
import type { People } from '../people.ts'
import type { Panel } from './panel.ts'

const linesMax = 60
const nameDelayMs = 50

function wordsFor(peer: Peer, people: People): string {
  if (peer.state === 'gone') return 'gone'
  if (peer.state === 'unreachable') return 'out of reach'
  return peer.direct ? 'here, by a direct link' : `here, through ${people.nameOf(peer.via)}`
}

/** The last events, newest first. */
export class LogPanel implements Panel {
  readonly node: HTMLElement
  readonly #list = element('ol', { class: 'log', tabindex: 0, 'aria-label': 'Last events, newest first', 'data-testid': 'log' })

  constructor(mesh: Mesh, people: People) {
    this.node = panel({ title: 'What happened', testId: 'log-panel', className: 'full' }, this.#list)
    mesh.on('online', ({ reconnect }) => this.#add(reconnect ? 'online again' : 'online'))
    mesh.on('offline', () => this.#add('offline'))
    mesh.on('address', ({ address }) => this.#add(`this page is ${address} now`))
    const last = new Map<string, string>()
    mesh.on('peer', (peer) => {
      const now = wordsFor(peer, people)
      if (last.get(peer.address) === now) return
      if (peer.state === 'gone') last.delete(peer.address)
      else last.set(peer.address, now)
      this.#add(`${people.nameOf(peer.address)}: ${now}`)
    })
    // A provider is often known a moment before its name is.
    const tell = (service: string, address: string, what: string): unknown =>
      setTimeout(() => this.#add(`service ${service} of ${people.nameOf(address)} is ${what}`), nameDelayMs)
    mesh.services.on('up', ({ service, address }) => tell(service, address, 'up'))
    mesh.services.on('down', ({ service, address }) => tell(service, address, 'gone'))
    mesh.on('message', (message) => this.#add(`message from ${people.nameOf(message.from)}`))
    mesh.on('warning', ({ code, message }) => this.#add(`warning ${code}: ${message}`))
    mesh.on('error', ({ code, message }) => this.#add(`error ${code}: ${message}`))
  }

  update(): void {}

  #add(words: string): void {
    const time = new Date().toLocaleTimeString([], { hour12: false })
    this.#list.prepend(element('li', {}, element('time', {}, time), words))
    while (this.#list.children.length > linesMax) this.#list.lastElementChild?.remove()
  }
}
