import { expect, it } from 'vitest'
import { MeshError, createMesh, joinMesh, type MeshOptions } from '../src/index.ts'

const wrong: unknown[] = [null, 5, 'garden', { identity: 5 }, { identity: null }, { identity: 'persistant' }, { identity: {} }]

it.each(wrong)('options %j: INVALID_OPTION, whether made at once or joined', async (options) => {
  expect(() => createMesh(options as MeshOptions)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as MeshError)
  await expect(joinMesh(options as MeshOptions)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})
