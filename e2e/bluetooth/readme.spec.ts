// The sensor of README.md, paired by a click on a page that has nothing but those lines.
import { join } from 'node:path'
import { buildPage, pageUrl } from '../support/build-page.ts'
import { e2eFolder } from '../support/folders.ts'
import { Chooser, expect, test } from './bluetooth-test.ts'
import { SketchFirmware } from './sketch-firmware.ts'

test('ALN-43 the lines of the README: a sensor is paired, and its readings are heard', async ({ adapter, home, pages, relay }, {
  project,
  workerIndex,
}) => {
  const folder = `sensor-${project.name}${workerIndex}`
  await buildPage(join(e2eFolder, 'readme', 'sensor'), folder)
  const sketch = new SketchFirmware()
  const device = await adapter.add(sketch.name, sketch)
  const page = await home.newPage()
  pages.watch(page)
  const lines: string[] = []
  page.on('console', (message) => lines.push(message.text()))
  await page.goto(`${pageUrl(folder)}?relay=${relay.url}`)
  await page.locator('body[data-joined=yes]').waitFor({ state: 'attached' })
  await Chooser.of(page, device.address)
  await page.getByRole('button').click()
  await expect.poll(() => lines).toContain('ESP32-black-box-a is here for everybody')
  await expect.poll(() => lines).toContain('ESP32-black-box-a says 53.33*F')
})
