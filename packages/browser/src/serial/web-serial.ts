// The parts of Web Serial that are used here: the types of the DOM know nothing of it.

/** Tells `disconnect` when it was unplugged. */
export interface WebSerialPort extends EventTarget {
  /** A new stream after an error of the line; null once the port is closed or gone. */
  readonly readable: ReadableStream<Uint8Array> | null
  readonly writable: WritableStream<Uint8Array> | null
  open(options: { readonly baudRate: number }): Promise<void>
  close(): Promise<void>
  forget?(): Promise<void>
  getInfo?(): { readonly usbVendorId?: number; readonly usbProductId?: number }
}

export interface WebSerial {
  requestPort(options: { readonly filters?: readonly unknown[] }): Promise<WebSerialPort>
}
