import { expect, test } from 'vitest'
import { nobleCrypto } from '../../src/crypto/noble-crypto.ts'
import { addressOf, drawTab, isMemberAddress, isMemberForm, whoOf, whoPart } from '../../src/identity/address.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'

const crypto = nobleCrypto(new SeededDice(1))
const who = 'kabcdefghijklmnopqrstuvwxyz'

test('PY-28 SE4 who is k and the lower-case base32 of 16 bytes of the hash of the key', () => {
  // SHA-256 of 32 zero bytes begins 66687aadf862bd776c8fc18b8e9f8e20; base32 worked out with coreutils.
  expect(whoOf(new Uint8Array(32), crypto)).toBe('kmzuhvlpymk6xo3epygfy5h4oea')
})

test('an address is who and tab, and gives who back', () => {
  const address = addressOf(who, 'ab27')
  expect(address).toBe(`${who}.ab27`)
  expect(whoPart(address)).toBe(who)
  expect(whoPart('CONTROLLER_1')).toBe('CONTROLLER_1')
})

test('a drawn tab has 4 base32 characters, and all 32 of them occur', () => {
  const dice = new SeededDice(2)
  const seen = new Set<string>()
  for (let round = 0; round < 200; round += 1) {
    const tab = drawTab(dice)
    expect(isMemberAddress(addressOf(who, tab))).toBe(true)
    for (const character of tab) seen.add(character)
  }
  expect(seen.size).toBe(32)
})

test.each([
  [who, true, false],
  [`${who}.ab27`, true, true],
  [`${who}.`, false, false],
  [`${who}.abc`, false, false],
  [`${who}.abcde`, false, false],
  [`${who}.ABCD`, false, false],
  [`${who}.ab27\n`, false, false],
  [who.toUpperCase(), false, false],
  [who.slice(1), false, false],
  [`${who}a`, false, false],
  [`x${who.slice(1)}`, false, false],
  [who.replace('b', '1'), false, false],
  ['', false, false],
])('SE1 %j has the form of a member: %s, is an address: %s', (text, form, address) => {
  expect(isMemberForm(text)).toBe(form)
  expect(isMemberAddress(text)).toBe(address)
})
