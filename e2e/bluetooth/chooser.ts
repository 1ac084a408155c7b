import type { CDPSession, Page } from '@playwright/test'

/** The browser's own window in which a person chooses a device. */
export class Chooser {
  readonly #session: CDPSession
  // The same prompt is told twice, and answering it twice would end the browser.
  readonly #answered = new Set<string>()
  #wanted: string | undefined

  private constructor(session: CDPSession) {
    this.#session = session
    session.on('DeviceAccess.deviceRequestPrompted', ({ id, devices }) => void this.#answer(id, devices))
  }

  /** Every chooser that this page opens is answered with the device of this Bluetooth address, or dismissed. */
  static async of(page: Page, wanted: string | undefined): Promise<Chooser> {
    const session = await page.context().newCDPSession(page)
    await session.send('DeviceAccess.enable')
    const chooser = new Chooser(session)
    chooser.willChoose(wanted)
    return chooser
  }

  willChoose(wanted: string | undefined): void {
    this.#wanted = wanted
  }

  async #answer(id: string, devices: readonly { readonly id: string }[]): Promise<void> {
    if (this.#answered.has(id)) return
    if (this.#wanted === undefined) {
      this.#answered.add(id)
      await this.#session.send('DeviceAccess.cancelPrompt', { id })
      return
    }
    const device = devices.find((each) => each.id === this.#wanted)
    if (device === undefined) return
    this.#answered.add(id)
    await this.#session.send('DeviceAccess.selectPrompt', { id, deviceId: device.id })
  }
}
