import { join } from 'node:path'
import { buildPage, pageUrl } from '../support/build-page.ts'
import { e2eFolder } from '../support/folders.ts'
import { Chooser, expect, test } from './bluetooth-test.ts'
import { ContractFirmware } from './contract-firmware.ts'
import type { BluetoothContractPage } from './pages/contract/main.ts'

test('ALN-40 ALN-43 every case of the channel contract holds over an emulated device', async ({ adapter, home, pages }, {
  project,
  workerIndex,
}) => {
  test.setTimeout(900_000)
  const folder = `bluetooth-contract-${project.name}${workerIndex}`
  await buildPage(join(e2eFolder, 'bluetooth', 'pages', 'contract'), folder)
  const firmware = await new ContractFirmware().start()
  firmware.device = await adapter.add('contract', firmware)
  const page = await home.newPage()
  pages.watch(page)
  await page.goto(pageUrl(folder))
  await Chooser.of(page, firmware.device.address)
  await page.getByRole('button').click()
  const results = await page.evaluate(
    (url) => (globalThis as unknown as { contract: BluetoothContractPage }).contract.run(url),
    firmware.url,
  )
  expect(results.filter(({ failure }) => failure !== undefined)).toEqual([])
  expect(results.length).toBeGreaterThan(15)
  firmware.close()
})
