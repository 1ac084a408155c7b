import { asMeshError } from '../async/operations.ts'
import type { MeshError } from '../errors/mesh-error.ts'
import { isMemberAddress } from '../identity/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Router } from '../routing/router.ts'
import { servicesService } from '../services/relayed-services.ts'
import { encodeNetError } from '../services/remote-error.ts'
import { netStates, type DecodedPacket, type Packet } from '../wire/packet.ts'

const answerWithinMs = 10_000

/**
 * A leaf of a large network knows no provider of a service: its relay says who is best, and the packet goes there, sealed. An error: it
 * does not leave. Where nobody offers it, the packet's context hears NO_SERVICE.
 */
export function askForProvider(
  router: Router,
  clock: Clock,
  { packet, relay }: { readonly packet: Packet & { readonly service: string }; readonly relay: string },
): MeshError | undefined {
  const answered = (answer: DecodedPacket): void => {
    forget()
    const provider = answer.netState === netStates.error ? undefined : bestOf(answer.data)
    const unsent = provider === undefined ? undefined : router.send({ ...packet, destAddr: provider })
    if (provider !== undefined && !unsent) return
    const data = encodeNetError(unsent?.code ?? 'NO_SERVICE', packet.service)
    const report: DecodedPacket = { netState: netStates.error, srcAddr: relay, destAddr: router.address, contextID: packet.contextID, data }
    router.deliverSealed(report, { via: relay, hops: 1, verified: true, plain: false, broadcast: false })
  }
  let contextID: number
  try {
    contextID = router.registerContext(answered, { from: relay })
  } catch (error) {
    return asMeshError(error)
  }
  const stopTimer = clock.setTimer(answerWithinMs, () => router.releaseContext(contextID))
  const forget = (): void => {
    stopTimer()
    router.releaseContext(contextID)
  }
  const unsent = router.send({ service: servicesService, destAddr: relay, contextID, data: `0 ${packet.service}` })
  if (unsent) forget()
  return unsent
}

/** The first row of the answer, if it is one: what a relay says is a value like any other. */
function bestOf(data: Uint8Array | undefined): string | undefined {
  try {
    const said = JSON.parse(new TextDecoder().decode(data)) as { services?: readonly { address?: unknown }[] } | null
    const address = said?.services?.[0]?.address
    return typeof address === 'string' && isMemberAddress(address) ? address : undefined
  } catch {
    return undefined
  }
}
