import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf, drawTab, Router, webCrypto, whoOf } from '@hopmesh/core'
import { createRouter, dialWebSocket, nodeClock, nodeDice, TcpChannel } from '@hopmesh/server'
import { relayScript } from '../support/folders.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { expect, test } from '../support/test.ts'

/** What `hopmesh key` prints. */
function hopmesh(...args: string[]): string {
  return execFileSync(process.execPath, [relayScript, ...args], { encoding: 'utf8' }).trim()
}

let folder = ''
test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hopmesh-keys-'))
})
test.afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A relay that pins the key of network 'garden', and that key. */
async function keyedRelay(): Promise<{ relay: RelayProcess; key: string }> {
  const file = join(folder, 'garden.key')
  hopmesh('key', file)
  const pinned = join(folder, 'pinned')
  writeFileSync(pinned, hopmesh('key', '--public', '--network', 'garden', file))
  const relay = await new RelayProcess(['--network', `garden=${pinned}`]).start()
  return { relay, key: readFileSync(file, 'utf8').trim() }
}

test('PY-06 SE7 the page takes #key=, hides it at once, shares it by its link, and marks who has proven what', async ({ pages }) => {
  const { relay, key } = await keyedRelay()
  try {
    const rose = await pages.demo({ relay: relay.url, network: 'garden', name: 'Rose', key })
    await rose.online()
    expect(rose.page.url()).not.toContain('hmk-')
    await expect(rose.part('network-key')).toHaveText('with a key')
    const tulip = await pages.demo({ relay: relay.url, network: 'garden', name: 'Tulip', key })
    await expect(rose.member('Tulip')).toBeVisible()
    await rose.service('Tulip').getByTestId('ping').click()
    await expect(rose.service('Tulip').getByTestId('service-answer')).toHaveText(/^pong from Tulip/)
    // The tabs find a direct way, over which each shows who it is.
    await expect(rose.member('Tulip').getByTestId('member-proof')).toHaveText('verified')
    await expect(tulip.member('Rose').getByTestId('member-proof')).toHaveAttribute('data-proof', 'verified')
    await expect(rose.member('relay').getByTestId('member-proof')).toHaveText('verified')

    // A reload is still inside, and the link of the page brings another one in.
    await rose.page.reload()
    await rose.online()
    await expect(rose.member('Tulip')).toBeVisible()
    expect(rose.page.url()).not.toContain('hmk-')
    const opening = rose.page.context().waitForEvent('page')
    await rose.part('open-tab').click()
    const third = await opening
    pages.watch(third)
    await expect(third.getByTestId('state')).toHaveText('online')
    expect(third.url()).not.toContain('hmk-')
  } finally {
    // Pages first: one whose relay is gone would complain.
    await pages.close()
    await relay.kill()
  }
})

test('PY-05 a wrong key, a missing one and a damaged one read well', async ({ pages }) => {
  const { relay, key } = await keyedRelay()
  try {
    const another = hopmesh('key')
    for (const wrong of [another, undefined]) {
      const eve = await pages.demo({ relay: relay.url, network: 'garden', name: 'Eve', ...(wrong === undefined ? {} : { key: wrong }) })
      const warning = eve.page.locator('[data-testid=warning][data-code=NETWORK_KEY_MISMATCH]')
      await expect(warning).toContainText('with another key than this page, or with none')
      await expect(warning).toContainText('Ask for the link')
      await expect(eve.part('state')).toHaveText('not let in')
      // Nobody shall be asked in with a key that is wrong.
      await expect(eve.part('open-tab')).toBeHidden()
      await expect(eve.part('member')).toHaveCount(0)
    }
    const damaged = await pages.demo({ relay: relay.url, network: 'garden', name: 'Mole', key: key.slice(0, -1) })
    await expect(damaged.part('refused')).toContainText('damaged: a character is missing or wrong')
    expect(damaged.page.url()).not.toContain('hmk-')
  } finally {
    // Pages first: one whose relay is gone would complain.
    await pages.close()
    await relay.kill()
  }
})

test('PY-05 PN-02 at a relay that pins nothing, two keys under one name are told to both sides', async ({ pages, relay }) => {
  const [one, two] = [hopmesh('key'), hopmesh('key')]
  const ada = await pages.demo({ relay: relay.url, network: 'garden', name: 'Ada', key: one })
  await ada.online()
  const eve = await pages.demo({ relay: relay.url, network: 'garden', name: 'Ada', key: two })
  for (const page of [ada, eve]) {
    await expect(page.page.locator('[data-testid=warning][data-code=NETWORK_KEY_MISMATCH]')).toBeVisible()
    await expect(page.part('member').and(page.page.locator('[data-kind=member]'))).toHaveCount(0)
  }
  // Under one key, two of one name are a warning that names the matter.
  await pages.demo({ relay: relay.url, network: 'garden', name: 'Ada', key: one })
  await expect(ada.page.locator('[data-testid=warning][data-code=NAME_CLASH]')).toContainText('the same name')
})

test('SE5 verified, unverified and plain: what each has shown', async ({ pages, relay }) => {
  const thermometer = createRouter('thermometer')
  thermometer.addChannel(await TcpChannel.connect({ host: '127.0.0.1', port: relay.tcpPort }))
  const ghost = await ghostAt(relay.url)
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await pages.demo({ relay: relay.url, name: 'Bob' })
  for (const [name, proof] of [
    ['Bob', 'verified'],
    ['relay', 'verified'],
    ['Ghost', 'unverified'],
    ['thermometer', 'plain'],
  ] as const) {
    await expect(ada.member(name).getByTestId('member-proof')).toHaveText(proof)
    await expect(ada.member(name).getByTestId('member-proof')).toHaveAttribute('title', /.{20}/)
  }
  await Promise.all([thermometer.close(), ghost.close()])
})

/** A member whose record stands and which answers nobody: a router without sessions. */
async function ghostAt(url: string): Promise<Router> {
  const crypto = webCrypto(globalThis.crypto.subtle)
  const keyPair = await crypto.generateKeyPair()
  const address = addressOf(await whoOf(keyPair.publicKey, crypto), drawTab(nodeDice))
  const network = { name: 'default', keyHash: new Uint8Array(16) }
  const epoch = Math.floor(Date.now() / 1_000)
  const identity = {
    address,
    keyPair,
    exchangeKeys: await crypto.generateExchangeKeys(),
    network,
    epoch,
    crypto,
    name: 'Ghost',
    capabilities: [],
  }
  const ghost = new Router({ ...identity, kind: 'member' }, { clock: nodeClock, dice: nodeDice })
  ghost.addChannel(await dialWebSocket(url, {}), { toRelay: true })
  return ghost
}
