import type { Page } from '@playwright/test'
import { uart } from './emulated-adapter.ts'

// Only as much of Web Bluetooth as is used here; TypeScript's own DOM types have none of it.
interface Characteristic {
  readonly value?: DataView
  addEventListener(type: 'characteristicvaluechanged', listener: () => void, options?: { once: true }): void
  startNotifications(): Promise<unknown>
  writeValueWithoutResponse(value: Uint8Array): Promise<void>
}
interface Service {
  getCharacteristic(id: string): Promise<Characteristic>
}
interface BluetoothDevice {
  readonly gatt: { connect(): Promise<{ getPrimaryService(id: string): Promise<Service> }> }
}

declare global {
  /** On a page with a raw UART. */
  var rawUart: {
    readonly notified: number[]
    readonly write: (values: readonly number[]) => Promise<void>
    readonly nextNotification: () => Promise<void>
  }
}

/** A Nordic UART by Web Bluetooth alone, without the library: what the emulator itself can do. */
export class RawUart {
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  /** Pairs by a click on a button that it adds to the page. */
  static async pair(page: Page): Promise<RawUart> {
    await page.evaluate((ids) => {
      const button = document.createElement('button')
      document.body.append(button)
      button.addEventListener('click', async () => {
        const { bluetooth } = navigator as unknown as { bluetooth: { requestDevice(options: object): Promise<BluetoothDevice> } }
        const chosen = await bluetooth.requestDevice({ filters: [{ services: [ids.service] }] })
        const service = await (await chosen.gatt.connect()).getPrimaryService(ids.service)
        const notified: number[] = []
        const notify = await service.getCharacteristic(ids.notify)
        notify.addEventListener('characteristicvaluechanged', () =>
          notified.push(...new Uint8Array(notify.value?.buffer ?? new ArrayBuffer(0))),
        )
        await notify.startNotifications()
        const write = await service.getCharacteristic(ids.write)
        const nextNotification = (): Promise<void> =>
          new Promise((resolve) => notify.addEventListener('characteristicvaluechanged', () => resolve(), { once: true }))
        globalThis.rawUart = { notified, nextNotification, write: (values) => write.writeValueWithoutResponse(Uint8Array.from(values)) }
      })
    }, uart)
    await page.getByRole('button').click()
    await page.waitForFunction(() => 'rawUart' in globalThis)
    return new RawUart(page)
  }

  async notified(): Promise<Buffer> {
    return Buffer.from(await this.page.evaluate(() => rawUart.notified))
  }

  write(bytes: Buffer): Promise<void> {
    return this.page.evaluate((values) => rawUart.write(values), [...bytes])
  }

  /** All of it, in writes of 20 bytes, one after the other. */
  flood(bytes: Buffer): Promise<void> {
    return this.page.evaluate(
      async (values) => {
        for (let start = 0; start < values.length; start += 20) await rawUart.write(values.slice(start, start + 20))
      },
      [...bytes],
    )
  }

  /** Milliseconds from the first notification from now on to the one with which so many bytes have come. */
  hears(byteCount: number): Promise<number> {
    return this.page.evaluate(async (count) => {
      rawUart.notified.length = 0
      await rawUart.nextNotification()
      const started = performance.now()
      while (rawUart.notified.length < count) await rawUart.nextNotification()
      return performance.now() - started
    }, byteCount)
  }

  /** Milliseconds from a write to the end of the frame that answers it, so many times. */
  roundTrips(question: Buffer, times: number): Promise<number[]> {
    return this.page.evaluate(
      async ({ bytes, count }) => {
        const took: number[] = []
        for (let index = 0; index < count; index++) {
          rawUart.notified.length = 0
          const started = performance.now()
          for (let start = 0; start < bytes.length; start += 20) await rawUart.write(bytes.slice(start, start + 20))
          while (rawUart.notified.at(-1) !== 0xc0) await rawUart.nextNotification()
          took.push(performance.now() - started)
        }
        return took
      },
      { bytes: [...question], count: times },
    )
  }
}
