import { describe, expect, it } from 'vitest'
import { compressionContract } from '../../core/test/ports/compression-contract.ts'
import { pageCompression } from '../src/page-compression.ts'

describe('compression of a page', () => {
  const compression = pageCompression()
  if (compression === undefined) throw new Error('this Node.js has no CompressionStream')
  compressionContract('streams of the browser', compression)

  it('a browser without such streams has none', () => {
    const { CompressionStream: kept } = globalThis
    try {
      Reflect.deleteProperty(globalThis, 'CompressionStream')
      expect(pageCompression()).toBeUndefined()
    } finally {
      Object.assign(globalThis, { CompressionStream: kept })
    }
  })
})
