import { expect } from 'vitest'
import { MeshError } from '../../src/errors/mesh-error.ts'

/** What `act` throws; fails when it throws nothing, or something else. */
export function meshErrorOf(act: () => unknown): MeshError {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(MeshError)
    return error as MeshError
  }
  throw new Error('nothing was thrown')
}

/** What the promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<MeshError> {
  const error = await promise.then(
    () => new Error('it did not reject'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(MeshError)
  return error as MeshError
}
