import { joinMesh } from '@hopmesh/browser'

const relay = new URLSearchParams(location.search).get('relay') ?? 'ws://localhost:8080'

const mesh = await joinMesh({ network: 'garden', relays: [relay] })
mesh.services.register('log', (request) => console.log(request.from, 'says', request.text()))
document.querySelector('button')?.addEventListener('click', async () => {
  const sensor = await mesh.bluetooth.pair()
  console.log(sensor.address, 'is here for everybody')
})
document.body.dataset['joined'] = 'yes'
