import { describe, expect, test } from 'vitest'
import { bindingOf, fingerprintsOf } from '../../src/webrtc/fingerprints.ts'

const one = 'v=0\r\na=fingerprint:sha-256 AB:CD:EF\r\na=setup:actpass\r\n'
const other = 'v=0\na=fingerprint:SHA-256 12:34:ab\n'

describe('fingerprints of a description', () => {
  test('are written one way, whatever the line said', () => {
    expect(fingerprintsOf(one)).toBe('sha-256 AB:CD:EF')
    expect(fingerprintsOf(other)).toBe('sha-256 12:34:AB')
  })

  test('are all of them, each once, in one order', () => {
    const twice = 'a=fingerprint:sha-512 99:88\na=fingerprint:sha-256 AB:CD\nm=application\na=fingerprint:sha-256 ab:cd\n'
    expect(fingerprintsOf(twice)).toBe('sha-256 AB:CD\nsha-512 99:88')
  })

  test('are undefined where there are none', () => {
    expect(fingerprintsOf('v=0\r\na=fingerprint-like:x\r\n')).toBeUndefined()
  })
})

describe('SE13 the binding of a WebRTC channel', () => {
  test('names the initiator first, so both sides have the same bytes', () => {
    expect(new TextDecoder().decode(bindingOf(one, other))).toBe('sha-256 AB:CD:EF\n\nsha-256 12:34:AB')
    expect(bindingOf(one, other)).not.toEqual(bindingOf(other, one))
  })

  test('differs when one fingerprint was added on the way', () => {
    expect(bindingOf(`${one}a=fingerprint:sha-256 66:66:66\r\n`, other)).not.toEqual(bindingOf(one, other))
  })

  test('is undefined when a side names none', () => {
    expect(bindingOf(one, undefined)).toBeUndefined()
    expect(bindingOf('v=0', other)).toBeUndefined()
  })
})
