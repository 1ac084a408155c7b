import { createRouter, TcpChannel } from '@hopmesh/server'
import type { Router } from '@hopmesh/server'
import { RelayProcess } from '../support/relay-process.ts'
import { expect, test } from '../support/test.ts'

/** A second relay, which the page joins as well. */
const both = test.extend<{ elsewhere: RelayProcess }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern to learn what a fixture needs
  elsewhere: async ({}, use) => {
    const elsewhere = await new RelayProcess().start()
    await use(elsewhere)
    await elsewhere.kill()
  },
})

both('two nodes of one free-form name are a warning that people see, and the first one stands', async ({ elsewhere, pages, relay }) => {
  const things: Router[] = []
  for (const { tcpPort } of [relay, elsewhere]) {
    const thing = createRouter('thing')
    thing.registerService(
      'which',
      (packet) => void thing.send({ destAddr: packet.srcAddr, contextID: packet.contextID, data: String(tcpPort) }),
    )
    thing.addChannel(await TcpChannel.connect({ host: '127.0.0.1', port: tcpPort }))
    things.push(thing)
  }
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await expect(ada.member('thing')).toBeVisible()
  await ada.page.evaluate((url) => {
    const { hopmesh } = window as unknown as { hopmesh: { mesh: { relays: { add(url: string): void } } } }
    hopmesh.mesh.relays.add(url)
  }, elsewhere.url)

  await expect(ada.part('log')).toContainText('warning IDENTITY_IN_USE: ')
  await expect(ada.part('log')).toContainText('knows another node called thing')
  await expect(ada.page.locator('[data-testid=warning][data-code=IDENTITY_IN_USE]')).toContainText('Two nodes went by one address or name')
  await expect(ada.member('thing')).toHaveCount(1)
  const row = ada.service('thing', 'which')
  await row.getByTestId('ping').click()
  await expect(row.getByTestId('service-answer')).toContainText(String(relay.tcpPort))
  await Promise.all(things.map((thing) => thing.close()))
})
