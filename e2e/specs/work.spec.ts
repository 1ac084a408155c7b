import type { DemoPage } from '../support/demo-page.ts'
import { expect, test } from '../support/test.ts'

async function setLoad(page: DemoPage, percent: number): Promise<void> {
  await page.part('work-load').fill(String(percent))
}

test('ALN-15 ALN-17 three providers of one service: the call goes to the least loaded, as loads move and providers stop', async ({
  pages,
  relay,
}) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const workers = await Promise.all(['Bob', 'Eve', 'Joe'].map((name) => pages.demo({ relay: relay.url, name })))
  const [bob, eve, joe] = workers as [DemoPage, DemoPage, DemoPage]
  const worker = (name: string) => ada.part('worker').filter({ hasText: name })
  for (const page of workers) {
    await page.online()
    await page.part('work-offer').click()
  }
  await setLoad(bob, 80)
  await setLoad(eve, 40)
  await expect(ada.part('worker')).toHaveCount(3)
  await expect(worker('Bob').getByTestId('worker-load')).toHaveText('load 80 %')
  await expect(worker('Eve').getByTestId('worker-load')).toHaveText('load 40 %')
  await expect(worker('Bob').getByTestId('worker-meter')).toHaveJSProperty('value', 101 / 126)

  await ada.part('work-call').click()
  await expect(ada.part('work-answer')).toContainText('done by Joe')
  await expect(worker('Joe').getByTestId('worker-done')).toHaveText('did 1 for this page')

  await setLoad(joe, 100)
  await expect(worker('Joe').getByTestId('worker-load')).toHaveText('load 100 %')
  await ada.part('work-call').click()
  await expect(ada.part('work-answer')).toContainText('done by Eve')

  await eve.part('work-offer').click()
  await expect(ada.part('worker')).toHaveCount(2)
  await ada.part('work-call').click()
  await expect(ada.part('work-answer')).toContainText('done by Bob')

  await eve.part('work-offer').click()
  await expect(worker('Eve').getByTestId('worker-load')).toHaveText('load 40 %')
  await bob.page.close()
  await joe.page.close()
  await expect(ada.part('worker')).toHaveCount(1)
  await ada.part('work-call').click()
  await expect(ada.part('work-answer')).toContainText('done by Eve')
})
