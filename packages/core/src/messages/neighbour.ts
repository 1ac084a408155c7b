import type { Address } from '../identity/address.ts'
import type { MessagePart } from './message-codec.ts'
import type { Sent } from './message.ts'

/** Who handed a message over: its author only where the author is a neighbour. */
export class Neighbour {
  readonly address: Address
  readonly #send: (parts: readonly MessagePart[]) => Promise<Sent>

  constructor(address: Address, send: (parts: readonly MessagePart[]) => Promise<Sent>) {
    this.address = address
    this.#send = send
  }

  /** A message to the neighbour alone. Settles as `mesh.send` does: a relay takes none and is NOT_A_MEMBER. */
  send(...parts: MessagePart[]): Promise<Sent> {
    return this.#send(parts)
  }
}
