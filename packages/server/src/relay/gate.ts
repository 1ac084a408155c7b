// The door of a relay that asks for tokens: judges each, and holds those whom it let in to what their token says. The JOSE
// library is loaded only here.

import { MeshError, keyOfText, whoPart } from '@hopmesh/core'
import type { JoiningMember, RouterLink } from '@hopmesh/core'
import { nodeClock } from '../system-ports.ts'
import type { TokenGate, TokenGrant } from '../tokens.ts'
import type { OpeningChannel } from './opening-channel.ts'

/** Timers take no longer; a token that lasts longer is looked at again then. */
const timerMsMax = 2 ** 31 - 1

/** Throws INVALID_OPTION. */
export async function openGate(options: {
  readonly who: string
  readonly operators: readonly string[]
  readonly aln: boolean
}): Promise<Gate> {
  const { who, operators, aln } = options
  if (aln) throw new MeshError('INVALID_OPTION', 'a relay that asks for tokens takes no plain ALN nodes: they have none to show')
  const keys = operators.map((text) => {
    const key = keyOfText('operator', text)
    if (key === undefined) throw new MeshError('INVALID_OPTION', "the public key of an operator is what 'hopmesh token --public' prints")
    return key
  })
  const { TokenGate } = await import('../tokens.ts')
  return new Gate(new TokenGate(who, keys))
}

export class Gate {
  readonly #tokens: TokenGate

  constructor(tokens: TokenGate) {
    this.#tokens = tokens
  }

  /** Undefined: come in. `link` is asked for later, when there is one. */
  async admit({ record, token }: JoiningMember, channel: OpeningChannel, link: () => RouterLink): Promise<MeshError | undefined> {
    const judged = await this.#tokens.judge({ token, who: whoPart(record.address), network: record.network.name })
    if (judged instanceof MeshError) return judged
    if (judged.bytesPerSecond !== undefined) channel.limit(judged.bytesPerSecond, nodeClock)
    this.#endInTime(judged, link())
    return undefined
  }

  #endInTime(grant: TokenGrant, link: RouterLink): void {
    const leftMs = grant.endsAt * 1_000 - nodeClock.wallTime()
    if (leftMs <= 0) return link.close('the token is over', { code: 'TOKEN_EXPIRED', text: 'the token that you came in with is over' })
    const cancel = nodeClock.setTimer(Math.min(leftMs, timerMsMax), () => this.#endInTime(grant, link))
    void link.down.then(cancel)
  }
}
