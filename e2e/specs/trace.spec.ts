import { joinMesh } from '@hopmesh/server'
import { rootFolder, relayScript } from '../support/folders.ts'
import { PlainPeer } from '../support/plain-peer.ts'
import { runCommand } from '../support/run-command.ts'
import { expect, test } from '../support/test.ts'

const time = /^\d+(\.\d)? ms$/

test('ALN-35 a member is chosen in the picture, and its way lights up hop by hop with the time to each', async ({ pages, relay }) => {
  const dora = await joinMesh({ relays: [relay.url], name: 'Dora' })
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await expect(ada.member('Dora')).toBeVisible()
  await expect(ada.part('trace-bar')).toBeHidden()

  await ada.node('Dora').click()
  await expect(ada.part('trace-target')).toHaveText('Dora')
  await ada.part('trace').click()
  await expect(ada.part('trace-hop')).toHaveCount(2)
  await expect(ada.part('trace-hop').first()).toContainText('relay')
  await expect(ada.part('trace-hop').last()).toContainText('Dora')
  await expect(ada.part('trace-status')).toHaveText(/^2 hops, \d.* ms there and back$/)
  for (const hop of await ada.part('trace-hop').all()) await expect(hop.locator('.trace-time')).toHaveText(time)

  const marks = ada.part('trace-mark')
  await expect(ada.part('trace-line')).toHaveCount(2)
  await expect(marks).toHaveCount(2)
  await expect(marks.last()).toHaveAttribute('data-address', dora.address)
  for (const mark of await marks.all()) await expect(mark.locator('text')).toHaveText(time)
  // One after the other.
  const delays = await marks.evaluateAll((nodes) => nodes.map((node) => Number.parseFloat(getComputedStyle(node).animationDelay)))
  expect(delays[1]).toBeGreaterThan(delays[0] ?? Infinity)
  await expect(marks.last()).toHaveCSS('opacity', '1')

  await ada.part('trace-close').click()
  await expect(ada.part('trace-bar')).toBeHidden()
  await expect(marks).toHaveCount(0)
  await dora.close()
})

test('the list traces too, by keyboard as well, and a direct link is one hop', async ({ pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await pages.demo({ relay: relay.url, name: 'Bob' })
  const row = ada.member('Bob')
  await expect(row.getByTestId('member-path')).toHaveText('direct')
  // The link is there; packets may take the relay a moment longer.
  await expect(row.getByTestId('member-facts')).toContainText('1 hop')
  await row.getByTestId('member-trace').click()
  await expect(ada.part('trace-hop')).toHaveCount(1)
  await expect(ada.part('trace-hop')).toContainText('Bob')
  await expect(ada.part('trace-status')).toHaveText(/^1 hop, /)

  await ada.node('relay').focus()
  await ada.page.keyboard.press('Enter')
  await expect(ada.part('trace-target')).toHaveText('relay')
  await expect(ada.part('trace-hop')).toHaveCount(0)
  await ada.part('trace').focus()
  await ada.page.keyboard.press('Enter')
  // Where the greeting of the relay was slow, the way through Bob counts as the quicker one for a while.
  await expect(ada.part('trace-hop').last()).toContainText('relay')
  await expect(ada.part('trace')).toHaveText('Trace again')
})

test('a plain node stands behind its gateway without a time; one that left is told in words', async ({ pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await ada.online()
  const plain = await new PlainPeer('thermometer').connectTcp(relay.tcpPort)
  await ada.member('thermometer').getByTestId('member-trace').click()
  await expect(ada.part('trace-hop')).toHaveText([/^relay \d.* ms$/, 'thermometer not timed'])
  await expect(ada.part('trace-status')).toHaveText(/^2 hops, \d.* ms to relay and back$/)
  plain.close()
  await ada.misses('thermometer')
  await ada.part('trace').click()
  await expect(ada.part('trace-status')).toHaveText('There is no way to that node at the moment.')
  await expect(ada.part('trace-mark')).toHaveCount(0)
})

test('ALN-17 the list of services shows load, hops and for how long each is known', async ({ pages, relay }) => {
  const dora = await joinMesh({ relays: [relay.url], name: 'Dora' })
  const work = dora.services.register('work', () => 'done', { load: 0.25 })
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const facts = ada.service('Dora', 'work').getByTestId('service-load')
  await expect(facts).toHaveText(/^load 25 % · 2 hops · for \d+ s$/)
  work.load = 1
  await expect(facts).toHaveText(/^load 100 % · 2 hops · for [1-9]\d* s$/)
  await expect(ada.service('this page').getByTestId('service-load')).toHaveText(/^idle · here · for \d+ s$/)
  work.close()
  await expect(facts).toHaveCount(0)
  await dora.close()
})

test('ALN-35 hopmesh trace, peers and services see the tabs: hops, load, and for how long they are up', async ({ pages, relay }) => {
  const hopmesh = (...args: string[]): Promise<string> => runCommand(process.execPath, [relayScript, ...args], rootFolder)
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await ada.online()
  const address = await ada.address()
  const [text, json, peers, services] = await Promise.all([
    hopmesh('trace', relay.url, 'Ada'),
    hopmesh('trace', relay.url, address, '--json'),
    hopmesh('peers', relay.url),
    hopmesh('services', relay.url, '--json'),
  ])
  expect(text).toMatch(new RegExp(`^HOP .*\\n1 +[\\d.]+ ms +relay .*\\n2 +[\\d.]+ ms +member +Ada +${address}\\n$`))
  expect(JSON.parse(json)).toMatchObject({
    address,
    arrived: true,
    hops: [
      { hop: 1, kind: 'relay' },
      { hop: 2, address, name: 'Ada' },
    ],
  })
  expect(peers).toMatch(new RegExp(`${address} +Ada +member +active +2 .* \\d+ s\\n`))
  expect(JSON.parse(services)).toContainEqual(
    expect.objectContaining({ service: 'ping', address, load: 0, hops: 2, startedAt: expect.any(Number) }),
  )
  await expect(hopmesh('trace', relay.url, 'nobody')).rejects.toThrow(
    /\(1\):\nhopmesh: NO_ROUTE nobody here has the address or name 'nobody'/,
  )
})
