import { PlainPeer } from '../support/plain-peer.ts'
import type { RelayProcess } from '../support/relay-process.ts'
import { expect, test } from '../support/test.ts'

const doors: readonly { title: string; name: string; enter: (peer: PlainPeer, relay: RelayProcess) => Promise<PlainPeer> }[] = [
  { title: 'over TCP', name: 'thermometer-1', enter: (peer, relay) => peer.connectTcp(relay.tcpPort) },
  { title: 'ALN-34 ALN-44 over a JSON WebSocket', name: 'thermometer-2', enter: (peer, relay) => peer.connectWebSocket(relay.url) },
]

for (const { title, name, enter } of doors) {
  test(`ALN-49 a plain ALN node ${title} finds a tab’s ping, and the tab calls what it offers`, async ({ pages, relay }) => {
    const tab = await pages.demo({ relay: relay.url, name: 'Ada' })
    await tab.online()
    const plain = new PlainPeer(name).offer('temperature', (data) => `21 degrees for ${data}`)
    await enter(plain, relay)

    const address = await tab.address()
    await plain.finds('ping', address)
    expect(await plain.call('ping', address, 'hello from a wire')).toBe('pong from Ada')

    const row = tab.service(name, 'temperature')
    await expect(row).toBeVisible()
    await row.getByTestId('ping').click()
    await expect(row.getByTestId('service-answer')).toHaveText(/^21 degrees for hello from Ada/)
    await expect(tab.member(name).getByTestId('member-facts')).toContainText('plain ALN node')
    await expect(tab.member(name).getByTestId('member-proof')).toHaveText('plain')
    expect(plain.errors()).toEqual([])

    plain.close()
    await expect(row).toHaveCount(0)
    await tab.misses(name)
  })
}

test('ALN-49 two plain nodes at different doors reach each other and a tab', async ({ pages, relay }) => {
  const wire = await new PlainPeer('wire').offer('shout', (data) => data.toUpperCase()).connectTcp(relay.tcpPort)
  const socket = await new PlainPeer('socket').offer('whisper', (data) => data.toLowerCase()).connectWebSocket(relay.url)
  await wire.finds('whisper', 'socket')
  await socket.finds('shout', 'wire')
  expect(await wire.call('whisper', 'socket', 'HUSH')).toBe('hush')
  expect(await socket.call('shout', 'wire', 'hey')).toBe('HEY')

  const tab = await pages.member({ relay: relay.url, name: 'Tab' })
  await tab.offers('shout', 'wire')
  await tab.offers('whisper', 'socket')
  expect(await tab.call({ service: 'shout', to: 'wire', body: 'ahoy' })).toBe('AHOY')
  wire.close()
  socket.close()
})
