import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadIdentityFile } from '../../src/identity-file.ts'
import { createMesh } from '../../src/index.ts'
import type { Mesh } from '../../src/index.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hopmesh-claim-'))
  file = join(folder, 'me.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function start(): Promise<Mesh> {
  const mesh = createMesh({ identity: { file } })
  await mesh.ready
  return mesh
}

it('PY-28 a process with an identity file comes back under its whole address, with a greater epoch, also when the clock went back', async () => {
  const first = await start()
  const { address } = first
  await first.close()
  const before = loadIdentityFile(file).lastEpoch ?? 0
  expect(before).toBeGreaterThan(1_600_000_000)
  // As an hour in the future would have left it.
  loadIdentityFile(file).keepEpoch(before + 3_600)
  const second = await start()
  expect(second.address).toBe(address)
  expect(loadIdentityFile(file).lastEpoch).toBe(before + 3_601)
  await second.close()
  expect(readdirSync(folder)).toEqual(['me.json'])
})

it('PP-22 of those that use one file at a time, one has its address, the others the same who and a suffix of their own', async () => {
  const meshes = [await start(), await start(), await start()]
  expect(new Set(meshes.map(({ who }) => who)).size).toBe(1)
  expect(new Set(meshes.map(({ address }) => address)).size).toBe(3)
  const kept = meshes[0]!.address
  await Promise.all(meshes.map((mesh) => mesh.close()))
  const again = await start()
  expect(again.address).toBe(kept)
  await again.close()
})

it('a claim of a process that died is taken over, one of a living one is not', () => {
  const claim = `${file}.lock`
  // No process has this number: it is beyond the largest.
  writeFileSync(claim, '99999999\n')
  const taken = loadIdentityFile(file).claimTab()
  expect(taken?.tab).toMatch(/^[a-z2-7]{4}$/)
  expect(loadIdentityFile(file).claimTab()).toBeUndefined()
  taken?.release()
  taken?.release()
  expect(existsSync(claim)).toBe(false)
  writeFileSync(claim, `${process.ppid}\n`)
  expect(loadIdentityFile(file).claimTab()).toBeUndefined()
  writeFileSync(claim, 'nonsense')
  expect(loadIdentityFile(file).claimTab()?.tab).toBe(taken?.tab)
})
