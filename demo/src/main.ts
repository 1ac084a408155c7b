import { createMesh } from '@hopmesh/browser'
import type { Mesh } from '@hopmesh/core'
import { element } from './element.ts'
import { ChatPanel } from './panels/chat-panel.ts'
import { HeaderPanel } from './panels/header-panel.ts'
import { LogPanel } from './panels/log-panel.ts'
import { MembersPanel } from './panels/members-panel.ts'
import type { Panel } from './panels/panel.ts'
import { PicturePanel } from './panels/picture-panel.ts'
import { ServicesPanel } from './panels/services-panel.ts'
import { WarningsPanel } from './panels/warnings-panel.ts'
import { WelcomePanel } from './panels/welcome-panel.ts'
import { readParameters } from './parameters.ts'
import { People } from './people.ts'
import { updateSoon } from './update-soon.ts'

declare global {
  interface Window {
    /** For the console of the browser, and for tests. */
    hopmesh?: { readonly mesh: Mesh }
  }
}

const parameters = readParameters(location)
document.title = `${parameters.name} · hopmesh`

// Opening the page is joining: this is all that the library needs.
const mesh = createMesh({ network: parameters.network, relays: [parameters.relay], name: parameters.name })
mesh.services.register('ping', () => `pong from ${parameters.name}`)
window.hopmesh = { mesh }

const people = new People(mesh, parameters.name)
const header = new HeaderPanel(mesh, parameters)
const warnings = new WarningsPanel(mesh)
const welcome = new WelcomePanel()
const picture = new PicturePanel(mesh, people)
const chat = new ChatPanel(mesh, people)
const members = new MembersPanel(mesh, people)
const services = new ServicesPanel(mesh, people)
const log = new LogPanel(mesh, people)
const panels: readonly Panel[] = [warnings, picture, chat, members, services]

document
  .querySelector('#page')
  ?.replaceChildren(
    header.node,
    element('main', {}, warnings.node, welcome.node, element('div', { class: 'grid' }, picture.node, chat.node, members.node, services.node, log.node)),
  )

await mesh.ready
header.ready()
const update = updateSoon(() => {
  for (const panel of panels) panel.update()
})
for (const event of ['online', 'offline', 'peer'] as const) mesh.on(event, update)
for (const event of ['up', 'change', 'down'] as const) mesh.services.on(event, update)
// Round trips change without an event.
setInterval(update, 2000)
update()
