// hopmesh in a web page: what is here is all that a page needs.

import { createMesh as createCoreMesh, drawIdentityText, identityOfText, identitySeed, joinMesh as joinCoreMesh } from '@hopmesh/core'
import type { KeyPair, Mesh, MeshOptions } from '@hopmesh/core'
import { choosePageCrypto, pageDice } from './page-crypto.ts'
import { pageEnvironment } from './page-environment.ts'
import { healWhenBack } from './heal-when-back.ts'
import { replaceIdentity } from './storage/identity-store.ts'

export { MeshError, RemoteError, meshErrorCodes } from '@hopmesh/core'
export type {
  Address,
  AddressEvent,
  AllReplies,
  AnyFunctions,
  BodyInput,
  BroadcastOptions,
  BroadcastReceipts,
  CallAllOptions,
  CallerContext,
  CallOptions,
  CallReplies,
  Delivery,
  DevicePairing,
  DeviceState,
  FunctionContext,
  FunctionHandlers,
  FunctionRegistration,
  Functions,
  Healed,
  Health,
  Inspection,
  InspectOptions,
  InspectQuestion,
  KeyPair,
  Listener,
  ListenOptions,
  MemberCallOptions,
  Mesh,
  MeshErrorCode,
  MeshEvents,
  MeshOptions,
  MeshWarning,
  Message,
  MessageCursor,
  MessageHandler,
  MessageOutbox,
  MessagePart,
  Neighbour,
  OnlineEvent,
  OperationOptions,
  Outcomes,
  Packet,
  PairOptions,
  Peer,
  PeerKind,
  PeerState,
  PingResult,
  ProviderReply,
  Question,
  RegisterOptions,
  Registration,
  Relays,
  RelayStatus,
  RemoteFunctions,
  RemoteFunctionsOfEach,
  RepliedAll,
  Reply,
  Request,
  RequestHandler,
  Said,
  SaidAs,
  SaidWithReceipts,
  SeekableSource,
  Select,
  Sent,
  SentToSeveral,
  ServiceChange,
  ServiceEvents,
  ServiceListing,
  Services,
  SeveralTargets,
  StoredMessage,
  StreamAnswer,
  StreamContext,
  StreamFile,
  StreamOptions,
  StreamProgress,
  StreamRegistration,
  Streams,
  StreamSource,
  Topic,
  Topology,
  TopologyLink,
  TopologyNode,
  Trace,
  TraceHop,
  UnknownFunctions,
  VerbOptions,
  Verbs,
  Whispered,
} from '@hopmesh/core'

/** A new identity as text, to keep where you like. Whoever has the text is that member. */
export function createIdentity(): string {
  return drawIdentityText(pageDice)
}

/** The identity of such a text, for the option `identity`. Rejects with INVALID_OPTION. */
export async function identityFrom(text: string): Promise<KeyPair> {
  const { crypto } = await choosePageCrypto(pageDice)
  return identityOfText(text, crypto)
}

/**
 * Makes it the identity of this browser profile, in place of the one that was there: meshes that join from now on have it. It
 * is stored as unreadable as a drawn one. Rejects with INVALID_OPTION, or IDENTITY_STORAGE where nothing can be kept.
 */
export async function keepIdentity(text: string): Promise<void> {
  const seed = identitySeed(text)
  const { crypto, subtle } = await choosePageCrypto(pageDice)
  await replaceIdentity(seed, { crypto, subtle })
}

/** A mesh at once: register handlers and services, then wait for `online`. Throws INVALID_OPTION. */
export function createMesh(options: MeshOptions = {}): Mesh {
  const environment = pageEnvironment(options)
  try {
    return healWhenBack(createCoreMesh(options, environment), environment.life)
  } catch (error) {
    environment.dispose()
    throw error
  }
}

/** `createMesh` and the first greeted link. Rejects as `MeshOptions.timeoutMs` says, and closes the mesh then. */
export async function joinMesh(options: MeshOptions = {}): Promise<Mesh> {
  const environment = pageEnvironment(options)
  try {
    return healWhenBack(await joinCoreMesh(options, environment), environment.life)
  } catch (error) {
    environment.dispose()
    throw error
  }
}
