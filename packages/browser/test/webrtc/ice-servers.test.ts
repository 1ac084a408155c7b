import { MeshError } from '@hopmesh/core'
import { describe, expect, test } from 'vitest'
import { iceServersOf } from '../../src/webrtc/ice-servers.ts'

describe('the iceServers option', () => {
  test('absent means none: only addresses of the own network', () => {
    expect(iceServersOf(undefined)).toEqual([])
  })

  test('urls are taken in every form that people write', () => {
    expect(
      iceServersOf([
        'stun:stun.example',
        { url: 'stun:old.example' },
        { urls: ['turn:turn.example?transport=udp', 'turns:turn.example'], username: 'u', credential: 'p' },
      ]),
    ).toEqual([
      { urls: 'stun:stun.example' },
      { urls: 'stun:old.example' },
      { urls: ['turn:turn.example?transport=udp', 'turns:turn.example'], username: 'u', credential: 'p' },
    ])
  })

  test.each([[null], [7], [{}], [{ urls: [] }], [{ urls: 'https://turn.example' }], ['stun.example'], [{ urls: ['stun:a', 3] }]])(
    'INVALID_OPTION for %j, by its place',
    (entry) => {
      const attempt = (): unknown => iceServersOf(['stun:first.example', entry])
      expect(attempt).toThrow(MeshError)
      expect(attempt).toThrow(/iceServers\[1\]/)
    },
  )
})
