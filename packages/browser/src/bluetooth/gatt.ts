// The parts of Web Bluetooth that are used here: the types of the DOM know nothing of it.

export interface GattCharacteristic extends EventTarget {
  /** As of the latest `characteristicvaluechanged`. */
  readonly value?: DataView | undefined
  readonly properties: { readonly writeWithoutResponse: boolean }
  startNotifications(): Promise<unknown>
  writeValueWithResponse(bytes: BufferSource): Promise<void>
  writeValueWithoutResponse(bytes: BufferSource): Promise<void>
}

export interface GattService {
  getCharacteristic(uuid: string): Promise<GattCharacteristic>
}

export interface GattServer {
  readonly connected: boolean
  connect(): Promise<unknown>
  disconnect(): void
  getPrimaryService(uuid: string): Promise<GattService>
}

/** Tells `gattserverdisconnected`, and `advertisementreceived` while it is listened for. */
export interface GattDevice extends EventTarget {
  readonly id: string
  readonly name?: string | null | undefined
  readonly gatt?: GattServer | undefined
  forget?(): Promise<void>
  /** Chromium has it behind a flag, like `getDevices`. */
  watchAdvertisements?(options: { readonly signal: AbortSignal }): Promise<void>
}

export interface WebBluetooth {
  requestDevice(options: { readonly filters: readonly unknown[]; readonly optionalServices?: readonly string[] }): Promise<GattDevice>
  getAvailability?(): Promise<boolean>
  /** Chromium has it behind a flag. */
  getDevices?(): Promise<readonly GattDevice[]>
}
