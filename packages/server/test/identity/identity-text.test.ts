import { expect, it } from 'vitest'
import { createIdentity, createMesh, identityFrom } from '../../src/index.ts'

it('PY-28 an identity kept as text is the same member again, and nothing else is taken for one', async () => {
  const text = createIdentity()
  expect(text).toMatch(/^hmi-[a-z2-7]{56}$/)
  expect(createIdentity()).not.toBe(text)
  const whos: string[] = []
  for (let round = 0; round < 2; round += 1) {
    const mesh = createMesh({ identity: await identityFrom(text) })
    await mesh.ready
    whos.push(mesh.who)
    await mesh.close()
  }
  expect(whos[0]).toBe(whos[1])
  for (const wrong of [text.slice(0, -1), text.replace('hmi-', 'hmk-'), '', 'hmi-']) {
    await expect(identityFrom(wrong)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    if (wrong.length > 8)
      await expect(identityFrom(wrong)).rejects.not.toMatchObject({ message: expect.stringContaining(wrong.slice(4, 20)) as string })
  }
})
