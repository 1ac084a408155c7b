import type { BrowserContext } from '@playwright/test'

/**
 * Keeps one read waiting on every characteristic that a page has subscribed to, so that the emulated device has something
 * to answer when it notifies. Part of the emulator, not of the page: the page only sees `characteristicvaluechanged`.
 */
export async function pumpNotifications(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const { BluetoothRemoteGATTCharacteristic: Characteristic } = globalThis as unknown as {
      BluetoothRemoteGATTCharacteristic?: { prototype: { startNotifications(): Promise<unknown>; readValue(): Promise<DataView> } }
    }
    if (Characteristic === undefined) return
    const { startNotifications } = Characteristic.prototype
    const pumped = new WeakSet<object>()
    Characteristic.prototype.startNotifications = async function () {
      const subscribed = await startNotifications.call(this)
      if (pumped.has(this)) return subscribed
      pumped.add(this)
      const pump = async (): Promise<void> => {
        for (;;) await this.readValue()
      }
      // The first read that fails is the end of the link.
      void pump().catch(() => pumped.delete(this))
      return subscribed
    }
  })
}
