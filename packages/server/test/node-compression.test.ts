import { describe } from 'vitest'
import { compressionContract } from '../../core/test/ports/compression-contract.ts'
import { nodeCompression } from '../src/node-compression.ts'

describe('compression of Node.js', () => {
  compressionContract('zlib', nodeCompression)
})
