import { chromium } from '@playwright/test'
import { chromiumFlags, chromiumPath } from '../support/chromium.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { expect, test } from '../support/test.ts'

// What a phone in the local network gets: plain http under a name or address that is not localhost.
const name = 'name.test'

test('a page on plain http that is not localhost joins, pings and says INSECURE_CONTEXT', async ({ pages }) => {
  const relay = await new RelayProcess(['--host', '0.0.0.0']).start()
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: [...chromiumFlags, `--host-resolver-rules=MAP ${name} 127.0.0.1`],
  })
  try {
    const phone = await pages.demo({ relay: relay.url, name: 'Phone', browser, host: name })
    expect(await phone.page.evaluate(() => isSecureContext)).toBe(false)
    await phone.online()
    await expect(phone.page.locator('[data-testid=warning][data-code=INSECURE_CONTEXT]')).toContainText('plain http')

    const desk = await pages.demo({ relay: relay.url, name: 'Desk' })
    await expect(phone.member('Desk')).toBeVisible()
    await phone.service('Desk').getByTestId('ping').click()
    await expect(phone.service('Desk').getByTestId('service-answer')).toHaveText(/^pong from Desk/)
    await desk.service('Phone').getByTestId('ping').click()
    await expect(desk.service('Phone').getByTestId('service-answer')).toHaveText(/^pong from Phone/)

    const before = await phone.address()
    await phone.page.reload()
    await phone.online()
    expect((await phone.address()).split('.')[0]).toBe(before.split('.')[0])
  } finally {
    // Pages first: one whose relay is gone would complain.
    await browser.close()
    await pages.close()
    await relay.kill()
  }
})
