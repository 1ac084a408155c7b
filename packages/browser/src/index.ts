// hopmesh in a web page: what is here is all that a page needs.

import { createMesh as createCoreMesh, joinMesh as joinCoreMesh } from '@hopmesh/core'
import type { Mesh, MeshOptions } from '@hopmesh/core'
import { pageEnvironment } from './page-environment.ts'
import { redialWhenBack } from './redial.ts'

export { MeshError, RemoteError, meshErrorCodes } from '@hopmesh/core'
export type {
  Address,
  BodyInput,
  CallOptions,
  DevicePairing,
  DeviceState,
  Health,
  Inspection,
  InspectOptions,
  InspectQuestion,
  KeyPair,
  Listener,
  ListenOptions,
  Mesh,
  MeshErrorCode,
  MeshEvents,
  MeshOptions,
  MeshWarning,
  Message,
  MessageCursor,
  MessagePart,
  OnlineEvent,
  OperationOptions,
  Packet,
  PairOptions,
  Peer,
  PeerState,
  PingResult,
  RegisterOptions,
  Registration,
  Relays,
  RelayStatus,
  Reply,
  Request,
  RequestHandler,
  Sent,
  ServiceChange,
  ServiceEvents,
  ServiceListing,
  Services,
  Topology,
  TopologyLink,
  TopologyNode,
  Trace,
  TraceHop,
} from '@hopmesh/core'

/** A mesh at once: register handlers and services, then wait for `online`. Throws INVALID_OPTION. */
export function createMesh(options: MeshOptions = {}): Mesh {
  const environment = pageEnvironment(options)
  try {
    return redialWhenBack(createCoreMesh(options, environment), environment.life)
  } catch (error) {
    environment.dispose()
    throw error
  }
}

/** `createMesh` and the first greeted link. Rejects as `MeshOptions.timeoutMs` says, and closes the mesh then. */
export async function joinMesh(options: MeshOptions = {}): Promise<Mesh> {
  const environment = pageEnvironment(options)
  try {
    return redialWhenBack(await joinCoreMesh(options, environment), environment.life)
  } catch (error) {
    environment.dispose()
    throw error
  }
}
