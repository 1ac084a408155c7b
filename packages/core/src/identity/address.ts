import { base32nopad } from '@scure/base'
import { run, wait, type Steps } from '../async/awaitable.ts'
import type { Awaitable, Crypto } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'

/** Where a node is: `who.tab` of a member (`k` + 26 base32 characters, a dot, 4 more), or a plain node's free-form name. */
export type Address = string & { readonly __address: unique symbol }

const whoBytes = 16
const whoLength = 27
const tabLength = 4
const base32Characters = 'abcdefghijklmnopqrstuvwxyz234567'
const memberForm = /^k[a-z2-7]{26}(\.[a-z2-7]{4})?$/
const memberAddress = /^k[a-z2-7]{26}\.[a-z2-7]{4}$/

/** `who` and the tab of one process, joined. Both must have their form already. */
export function addressOf(who: string, tab: string): Address {
  return `${who}.${tab}` as Address
}

/** The part of an address that stays with a key: `k` + lower-case base32 of the first 16 bytes of its SHA-256. */
export function whoOf(publicKey: Uint8Array, crypto: Crypto): Awaitable<string> {
  return run(whoSteps(publicKey, crypto))
}

function* whoSteps(publicKey: Uint8Array, crypto: Crypto): Steps<string> {
  const hash = yield* wait(crypto.sha256(publicKey))
  return `k${base32nopad.encode(hash.slice(0, whoBytes)).toLowerCase()}`
}

/** `who` of a member's address; a plain node's name is returned whole, for it has no parts. */
export function whoPart(address: string): string {
  return isMemberAddress(address) ? address.slice(0, whoLength) : address
}

/** Has the form that only members may have: `k` + 26 base32 characters, with or without a tab. */
export function isMemberForm(text: string): boolean {
  // Asked for each packet of a plain node, whose names are of another length.
  return (text.length === whoLength || text.length === whoLength + 1 + tabLength) && memberForm.test(text)
}

/** Is the full address of a member: `who.tab`. */
export function isMemberAddress(text: string): text is Address {
  return memberAddress.test(text)
}

/** The 4 base32 characters that tell the tabs and processes of one identity apart. */
export function drawTab(dice: Dice): string {
  return Array.from(dice.bytes(tabLength), (byte) => base32Characters.charAt(byte & 31)).join('')
}
