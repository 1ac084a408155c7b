import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { isOwnHost } from '../page-hosts.mjs'

describe('the hosts that npm start answers to', () => {
  it('are addresses and names that nobody else gives away', () => {
    for (const host of [
      'localhost:5173',
      '127.0.0.1:5173',
      '192.168.1.7:5173',
      '[::1]:5173',
      'desk.local:5173',
      'app.localhost',
      hostname(),
    ]) {
      expect(isOwnHost(host), host).toBe(true)
    }
  })

  it('are not names that a stranger can point at this machine', () => {
    for (const host of ['evil.example:5173', 'localhost.evil.example', '127.0.0.1.evil.example', '', 'a b', undefined]) {
      expect(isOwnHost(host), String(host)).toBe(false)
    }
  })
})
