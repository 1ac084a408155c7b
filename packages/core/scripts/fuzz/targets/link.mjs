// The handshake of a link: before it ends nobody knows who talks.

import { exampleMembers } from './example-member.mjs'
import { joined, parted } from './inputs.mjs'

export async function linkTargets(load) {
  const { Handshake } = await load('core/link/handshake')
  const { decodeLinkFrame } = await load('core/wire/link-frame')
  const { run } = await load('core/async/awaitable')
  const { isWireFault } = await load('core/wire/wire-fault')
  const member = await exampleMembers(load)

  const handshakeSide = (role) => new Handshake(role, member(role), { greetings: [], binding: undefined, expect: undefined })
  const step = (side, bytes) => {
    const decoded = decodeLinkFrame(bytes)
    return isWireFault(decoded) ? {} : run(side.receive(decoded.kind, decoded.body))
  }
  const [dialer, listener] = [handshakeSide('dialer'), handshakeSide('listener')]
  const hello = run(dialer.hello())
  const reply = step(listener, hello).send
  const finish = step(dialer, reply).send

  return [
    {
      name: 'handshake',
      seeds: [joined([hello, finish]), joined([hello, hello, finish]), joined([reply]), joined([finish, hello])],
      allocationsMax: () => 16_777_216,
      run(input) {
        for (const role of ['listener', 'dialer']) {
          const side = handshakeSide(role)
          if (role === 'dialer') run(side.hello())
          for (const bytes of parted(input, 8)) step(side, bytes)
        }
      },
    },
  ]
}
