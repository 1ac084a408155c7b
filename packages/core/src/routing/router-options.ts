import type { MemoryBudget } from '../bytes/memory-budget.ts'
import type { Clock } from '../ports/clock.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import type { PlainPart } from './plain/plain-part.ts'

/** What a router needs of its surroundings, and how it is to behave. */
export interface RouterOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly log?: Log | undefined
  /** Whether plain ALN nodes may be neighbours. Default 'accept'. */
  readonly plainNodes?: 'accept' | 'refuse' | undefined
  /** Asked for with the first channel that carries anything but frames of ours. Absent: such channels are refused. */
  readonly plain?: (() => Awaitable<PlainPart>) | undefined
  /** It never carries anything for others, whatever its links are. Default false. */
  readonly leaf?: boolean | undefined
  /**
   * What happens when another process with this address and this key has signed a greater number. `outbid` (the default): a greater one
   * still, which a process needs whose clock went back. `yield`: nothing but the event `contested`, and `readdress` is expected.
   */
  readonly contested?: 'outbid' | 'yield' | undefined
  /** What neighbours may make this node hold. Default: one of its own, of `memberHeldBytesMax`. */
  readonly memory?: MemoryBudget | undefined
}
