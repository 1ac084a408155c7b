import { expect, test } from '../support/test.ts'

test('PN-16 PN-13 a function of another page is called from a form, of one and of everyone', async ({ pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  const eve = await pages.demo({ relay: relay.url, name: 'Eve' })
  await expect(ada.member('Bob')).toBeVisible()
  await expect(ada.member('Eve')).toBeVisible()
  await expect(bob.member('Ada')).toBeVisible()
  const row = (name: string) => ada.part('function-row').filter({ hasText: name })

  await ada.part('function-target').selectOption({ label: 'Bob' })
  await ada.part('function-call').click()
  await expect(row('Bob').getByTestId('function-result')).toHaveText('5')

  await ada.part('function-name').selectOption('letters')
  await ada.part('function-arguments').fill('"hello"')
  await ada.part('function-call').click()
  await expect(row('Bob').getByTestId('function-result')).toHaveText('{"h":1,"e":1,"l":2,"o":1}')

  await ada.part('function-target').selectOption({ label: 'Everyone' })
  await ada.part('function-name').selectOption('greet')
  await ada.part('function-arguments').fill('"<b>Ada</b>"')
  await ada.part('function-call').click()
  await expect(row('Bob')).toContainText('Hello <b>Ada</b>, this is Bob.')
  await expect(row('Eve')).toContainText('Hello <b>Ada</b>, this is Eve.')
  expect(await ada.page.locator('[data-testid=function-results] b').count()).toBe(0)

  // What goes wrong there is said here.
  await ada.part('function-target').selectOption({ label: 'Eve' })
  await ada.part('function-name').selectOption('add')
  await ada.part('function-arguments').fill('"two", 3')
  await ada.part('function-call').click()
  await expect(row('Eve').getByTestId('function-result')).toHaveText('add takes two numbers')
  await eve.page.close()
})

test('a function called at a member that is gone settles, and the page goes on', async ({ pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  await expect(ada.member('Bob')).toBeVisible()
  const address = await bob.address()
  await ada.part('function-target').selectOption({ label: 'Bob' })
  await bob.page.close()
  await ada.misses('Bob')
  const code = await ada.page.evaluate(
    (target) =>
      window.hopmesh!.mesh.with({ timeoutMs: 2_000 }).to(target).add!(1, 2).then(
        () => 'answered',
        (error: { code: string }) => error.code,
      ),
    address,
  )
  expect(code).toBe('NO_ROUTE')

  // Who was chosen stays chosen.
  await expect(ada.part('function-target').locator('option:checked')).toHaveText('Bob (away)')
  await ada.part('function-call').click()
  await expect(ada.part('function-row')).toHaveText(/^Bob .*(at the moment)/)
  const own = await ada.page.evaluate(() => window.hopmesh!.mesh.to(window.hopmesh!.mesh.address).add!(1, 2))
  expect(own).toBe(3)
})
