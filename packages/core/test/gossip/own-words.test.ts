import { expect, it } from 'vitest'
import { run } from '../../src/async/awaitable.ts'
import { MeshError } from '../../src/errors/mesh-error.ts'
import { busyWithinMs, calmAfterMs } from '../../src/gossip/gossip-limits.ts'
import { OwnWords } from '../../src/gossip/own-words.ts'
import type { BroadcastHead } from '../../src/identity/broadcast-proof.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto, toyKeyPair } from '../../src/testing/toy-crypto.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const clock = new VirtualClock()

function speaker(): (fleeting?: boolean, epoch?: number, lowest?: number) => BroadcastHead {
  const dice = new SeededDice(1)
  const identity = { address: 'ka', network: wireNetwork('default'), crypto: toyCrypto(dice), keyPair: toyKeyPair(dice.bytes(32)) }
  const words = new OwnWords(identity, clock, dice)
  return (fleeting = false, epoch = 1, lowest) => {
    const said = run(words.say({ service: 'news', body: new Uint8Array(3), fleeting }, { epoch, lowest: () => lowest }))
    if (said instanceof Promise || said instanceof MeshError) throw new TypeError('the toy crypto answers at once')
    return said.head
  }
}

it('PY-13 BC1 who says two things within a second takes a tree of its own, until it is silent for long', () => {
  const say = speaker()
  const own = (afterMs: number): boolean => {
    clock.runFor(afterMs)
    return say().ownTree
  }
  expect([own(0), own(busyWithinMs), own(busyWithinMs - 1)]).toEqual([false, false, true])
  expect([own(calmAfterMs), own(calmAfterMs + 1), own(busyWithinMs)]).toEqual([true, false, false])
})

it('PY-13 MP5 numbers begin with 1 in each epoch, fleeting ones apart; before says what of those before is kept', () => {
  const say = speaker()
  const heads = [say(), say(true), say(false, 1, 1), say(true, 1, 1), say(false, 2), say(true, 2)]
  expect(heads.map(({ counter }) => counter)).toEqual([1, 1, 2, 2, 1, 1])
  expect(heads.map(({ before }) => before)).toEqual([0, 0, 1, 0, 0, 0])
})
