import type { BrowserContext } from '@playwright/test'

declare global {
  /** In a page with a pump: how many reads it has sent. */
  var readsBegun: number
}

/**
 * Keeps one read waiting on every characteristic that a page has subscribed to, so that the emulated device has something
 * to answer when it notifies. Part of the emulator, not of the page: the page only sees `characteristicvaluechanged`.
 */
export async function pumpNotifications(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    interface Pumped {
      readonly service: { readonly device: { readonly gatt: { readonly connected: boolean } } }
      startNotifications(): Promise<unknown>
      readValue(): Promise<DataView>
    }
    const { BluetoothRemoteGATTCharacteristic: Characteristic } = globalThis as {
      BluetoothRemoteGATTCharacteristic?: { prototype: Pumped }
    }
    if (Characteristic === undefined) return
    globalThis.readsBegun = 0
    const { startNotifications } = Characteristic.prototype
    const pumped = new WeakSet<object>()
    Characteristic.prototype.startNotifications = async function () {
      const subscribed = await startNotifications.call(this)
      if (pumped.has(this)) return subscribed
      pumped.add(this)
      const pump = async (): Promise<void> => {
        for (;;) {
          if (this.service.device.gatt.connected) globalThis.readsBegun += 1
          await this.readValue()
        }
      }
      // The first read that fails is the end of the link.
      void pump().catch(() => pumped.delete(this))
      return subscribed
    }
  })
}
