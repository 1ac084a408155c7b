import type { Mesh } from '@hopmesh/core'
import { element, panel } from '../element.ts'
import type { People } from '../people.ts'
import type { Panel } from './panel.ts'

const linesMax = 60

/** The last events, newest first. */
export class LogPanel implements Panel {
  readonly node: HTMLElement
  readonly #list = element('ol', { class: 'log', tabindex: 0, 'aria-label': 'Last events, newest first', 'data-testid': 'log' })

  constructor(mesh: Mesh, people: People) {
    this.node = panel({ title: 'What happened', testId: 'log-panel' }, this.#list)
    mesh.on('online', ({ reconnect }) => this.#add(reconnect ? 'online again' : 'online'))
    mesh.on('offline', () => this.#add('offline'))
    const states = new Map<string, string>()
    mesh.on('peer', (peer) => {
      const now = `${peer.state}, ${peer.direct ? 'direct' : `through ${people.nameOf(peer.via)}`}`
      if (states.get(peer.address) === now) return
      if (peer.state === 'gone') states.delete(peer.address)
      else states.set(peer.address, now)
      this.#add(`${people.nameOf(peer.address)}: ${peer.state === 'gone' ? 'gone' : now}`)
    })
    mesh.services.on('up', ({ service, address }) => this.#add(`service ${service} of ${people.nameOf(address)} is up`))
    mesh.services.on('down', ({ service, address }) => this.#add(`service ${service} of ${people.nameOf(address)} is gone`))
    mesh.on('message', (message) => this.#add(`message from ${people.nameOf(message.from)}`))
    mesh.on('warning', ({ code }) => this.#add(`warning ${code}`))
    mesh.on('error', ({ code, message }) => this.#add(`error ${code}: ${message}`))
  }

  update(): void {}

  #add(words: string): void {
    const time = new Date().toLocaleTimeString([], { hour12: false })
    this.#list.prepend(element('li', {}, element('time', {}, time), words))
    while (this.#list.children.length > linesMax) this.#list.lastElementChild?.remove()
  }
}
