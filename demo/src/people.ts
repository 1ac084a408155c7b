import type { Mesh, Peer } from '@hopmesh/browser'
import { shortAddress } from './plain-words.ts'

const namesMax = 500

/** Who is here, and what to call them. */
export class People {
  readonly ownName: string
  readonly #mesh: Mesh
  // Of those who left too: their words still stand in the chat.
  readonly #names = new Map<string, string>()

  constructor(mesh: Mesh, ownName: string) {
    this.#mesh = mesh
    this.ownName = ownName
  }

  /** Everybody who has not left: members first, then relays, then plain nodes, each by name. */
  present(): Peer[] {
    const order = ['member', 'relay', 'plain']
    return [...this.#mesh.peers.values()]
      .filter((peer) => peer.state !== 'gone')
      .sort(
        (a, b) =>
          order.indexOf(a.kind) - order.indexOf(b.kind) || this.#name(a).localeCompare(this.#name(b)) || (a.address < b.address ? -1 : 1),
      )
  }

  /** Those who can be reached now. */
  reachable(): Peer[] {
    return this.present().filter((peer) => peer.state !== 'unreachable')
  }

  /** A plain node that this page itself has paired, by Bluetooth or over a serial line. */
  isOwnDevice(address: string): boolean {
    return [...this.#mesh.bluetooth.devices, ...this.#mesh.serial.devices].some(
      ({ address: own, state }) => state === 'online' && own === address,
    )
  }

  nameOf(address: string): string {
    if (address === this.#mesh.address) return this.ownName
    for (const peer of this.#mesh.peers.values()) {
      if (peer.address !== address) continue
      const name = this.#name(peer)
      this.#remember(address, name)
      return name
    }
    return this.#names.get(address) ?? this.#names.get(whoOf(address)) ?? shortAddress(address)
  }

  #remember(address: string, name: string): void {
    if (this.#names.size >= namesMax && !this.#names.has(address)) this.#names.clear()
    this.#names.set(address, name).set(whoOf(address), name)
  }

  #name(peer: Peer): string {
    if (peer.name !== '') return peer.name
    return peer.kind === 'relay' ? 'relay' : shortAddress(peer.address)
  }
}

/** The part of an address that stays with the member. */
export function whoOf(address: string): string {
  return address.split('.')[0] ?? address
}
