import type { Clock } from '../ports/clock.ts'
import type { OperationOptions } from '../async/operations.ts'
import type { Router } from '../routing/router.ts'
import type { Requests } from '../calls/requests.ts'

export const pingService = '$mesh.ping'

/** How far away somebody is. */
export interface PingResult {
  /** There and back. */
  readonly roundTripMs: number
  /** Links that the answer crossed; 0 for oneself. */
  readonly hops: number
}

export interface PingOptions extends OperationOptions {
  readonly router: Router
  readonly clock: Clock
  readonly requests: Requests
}

export async function ping(target: string, { router, clock, requests, signal, timeoutMs }: PingOptions): Promise<PingResult> {
  const request = { targets: [target], service: pingService, bytes: new Uint8Array(), signal, timeoutMs }
  // The first words between two members wait for their handshake: that is not the way's doing.
  if (!router.isOpenTo(target)) await requests.send(router, request)
  const sentAt = clock.now()
  const reply = await requests.send(router, request)
  return { roundTripMs: clock.now() - sentAt, hops: reply.hops }
}
