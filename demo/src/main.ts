import { createMesh } from '@hopmesh/browser'
import type { Mesh } from '@hopmesh/browser'
import { demoFunctions } from './demo-functions.ts'
import type { DemoFunctions } from './demo-functions.ts'
import { element } from './element.ts'
import { Page } from './page.ts'
import { readParameters } from './parameters.ts'
import { sentenceForError } from './plain-words.ts'

declare global {
  interface Window {
    /** For the console of the browser, and for tests. */
    hopmesh?: { readonly mesh: Mesh }
  }
}

async function join(): Promise<void> {
  const parameters = readParameters(location, history)
  document.title = `${parameters.name} · hopmesh`

  // Opening the page is joining: this is all that the library needs.
  const mesh = createMesh({ network: parameters.network, key: parameters.key, relays: [parameters.relay], name: parameters.name })
  mesh.services.register('ping', () => `pong from ${parameters.name}`)
  mesh.functions.register<DemoFunctions>(demoFunctions(parameters.name))
  window.hopmesh = { mesh }

  const page = new Page(mesh, parameters)
  document.querySelector('#page')?.replaceChildren(...page.nodes)
  await mesh.ready
  page.follow()
}

try {
  await join()
} catch (error) {
  // A relay that is no address, a name that is too long: said instead of an empty page.
  const refusal = element(
    'p',
    { class: 'warning', role: 'alert', 'data-testid': 'refused' },
    `This page cannot join. ${sentenceForError(error)}`,
  )
  document.querySelector('#page')?.replaceChildren(element('h1', {}, 'hopmesh'), refusal)
}
