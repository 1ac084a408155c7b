import { joinMesh } from '@hopmesh/browser'

const query = new URLSearchParams(location.search)
const mesh = await joinMesh({ network: 'fresh', relays: [query.get('relay') ?? ''], name: query.get('name') ?? '' })
mesh.services.register('ping', (request) => `pong ${request.text()}`)

document.querySelector('#address')!.textContent = mesh.address
const show = (): void => {
  const names = [...mesh.peers.values()].filter(({ kind }) => kind === 'member').map(({ name }) => name)
  document
    .querySelector('#peers')!
    .replaceChildren(...names.map((name) => Object.assign(document.createElement('li'), { textContent: name })))
}
mesh.on('peer', show)
show()

const ask = async ({ address }: { address: string }): Promise<void> => {
  if (address === mesh.address) return
  const reply = await mesh.call('ping', 'fresh', { select: (offers) => offers.find((offer) => offer.address === address) })
  document.querySelector('#answer')!.textContent = reply.text()
}
mesh.services.on('up', ask)
for (const offer of mesh.services.list('ping')) void ask(offer)
