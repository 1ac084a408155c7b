import type { Mesh } from '@hopmesh/browser'
import { element } from './element.ts'
import { ChatPanel } from './panels/chat-panel.ts'
import { DevicesPanel } from './panels/devices-panel.ts'
import { FilesPanel } from './panels/files-panel.ts'
import { FunctionsPanel } from './panels/functions-panel.ts'
import { HealthPanel } from './panels/health-panel.ts'
import { HeaderPanel } from './panels/header-panel.ts'
import { LogPanel } from './panels/log-panel.ts'
import { MembersPanel } from './panels/members-panel.ts'
import type { Panel } from './panels/panel.ts'
import { PicturePanel } from './panels/picture-panel.ts'
import { ServicesPanel } from './panels/services-panel.ts'
import { WarningsPanel } from './panels/warnings-panel.ts'
import { WelcomePanel } from './panels/welcome-panel.ts'
import { WorkPanel } from './panels/work-panel.ts'
import type { Parameters } from './parameters.ts'
import { People } from './people.ts'
import { Tracing } from './tracing.ts'
import { Transfers } from './transfers.ts'
import { updateSoon } from './update-soon.ts'

const refreshMs = 2000

/** All that is to be seen: the panels, and when they look at the mesh again. */
export class Page {
  readonly nodes: readonly HTMLElement[]
  readonly #mesh: Mesh
  readonly #header: HeaderPanel
  readonly #chat: ChatPanel
  readonly #panels: readonly Panel[]

  constructor(mesh: Mesh, parameters: Parameters) {
    const people = new People(mesh, parameters.name)
    const tracing = new Tracing(mesh)
    const warnings = new WarningsPanel(mesh)
    this.#chat = new ChatPanel(mesh, people)
    const grid = [
      new PicturePanel(mesh, people, tracing),
      this.#chat,
      new MembersPanel(mesh, people, tracing),
      new ServicesPanel(mesh, people),
      new FilesPanel(mesh, people, new Transfers(mesh)),
      new WorkPanel(mesh, people),
      new FunctionsPanel(mesh, people),
      new DevicesPanel(mesh, people),
      new HealthPanel(mesh),
      new LogPanel(mesh, people),
    ]
    this.#mesh = mesh
    this.#header = new HeaderPanel(mesh, parameters)
    this.#panels = [warnings, ...grid]
    const main = element(
      'main',
      {},
      warnings.node,
      new WelcomePanel(parameters.key).node,
      element('div', { class: 'grid' }, ...grid.map(({ node }) => node)),
    )
    this.nodes = [this.#header.node, main]
  }

  /** Shows the mesh from now on. To be called once it is ready. */
  follow(): void {
    const update = updateSoon(() => {
      for (const panel of this.#panels) panel.update()
    })
    for (const event of ['online', 'offline', 'address', 'peer'] as const) this.#mesh.on(event, update)
    for (const event of ['up', 'change', 'down'] as const) this.#mesh.services.on(event, update)
    // Round trips change without an event.
    setInterval(update, refreshMs)
    this.#header.ready()
    this.#chat.resume()
    update()
  }
}
