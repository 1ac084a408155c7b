// hopmesh in Node.js: members, the relay, and TCP for those who speak ALN packet by packet.

import { createMesh as createCoreMesh, drawIdentityText, identityOfText, joinMesh as joinCoreMesh } from '@hopmesh/core'
import type { KeyPair, Mesh, MeshOptions } from '@hopmesh/core'
import { nodeCrypto } from './node-crypto.ts'
import { nodeEnvironment } from './node-environment.ts'
import { nodeDice } from './system-ports.ts'

export { MeshError, RemoteError, Router, meshErrorCodes } from '@hopmesh/core'
export type {
  Address,
  AddressEvent,
  AllReplies,
  AnyFunctions,
  Arrival,
  BodyInput,
  BroadcastOptions,
  BroadcastReceipts,
  CallAllOptions,
  CallerContext,
  CallOptions,
  CallReplies,
  Channel,
  DecodedPacket,
  Delivery,
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
  Log,
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
  PacketHandler,
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
  RouterEvents,
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
export { openFile } from './file-source.ts'
export type { FileSource } from './file-source.ts'
export { receiveFiles } from './received-files.ts'
export type { ReceivedFile } from './received-files.ts'
export { readNetworkKeys as readKeyFile } from './key-file.ts'
export { createRouter, localChannels } from './local-router.ts'
export { Relay, startRelay } from './relay/relay.ts'
export type { PinnedNetwork } from './relay/pinned-networks.ts'
export type { RelayOptions } from './relay/relay.ts'
export type { RelayLimits } from './relay/limits.ts'
export { nodeClock, nodeDice } from './system-ports.ts'
export { TcpChannel } from './tcp/tcp-channel.ts'
export type { TcpTarget } from './tcp/tcp-channel.ts'
export { TcpHost } from './tcp/tcp-host.ts'
export type { TcpAddress, TcpListenOptions } from './tcp/tcp-host.ts'
export { WebSocketChannel } from './websocket/channel.ts'
export type { WebSocketChannelOptions } from './websocket/channel.ts'
export { dialWebSocket } from './websocket/dialer.ts'
export type { WebSocketDialOptions } from './websocket/dialer.ts'

/** A new identity as text, to keep where you like. Whoever has the text is that member. */
export function createIdentity(): string {
  return drawIdentityText(nodeDice)
}

/** The identity of such a text, for the option `identity`. Throws INVALID_OPTION. */
export async function identityFrom(text: string): Promise<KeyPair> {
  return identityOfText(text, nodeCrypto())
}

/** A mesh at once: register handlers and services, then wait for `online`. Throws INVALID_OPTION. */
export function createMesh(options: MeshOptions = {}): Mesh {
  return createCoreMesh(options, nodeEnvironment(options))
}

/** `createMesh` and the first greeted link. Rejects as `MeshOptions.timeoutMs` says, and closes the mesh then. */
export async function joinMesh(options: MeshOptions = {}): Promise<Mesh> {
  return joinCoreMesh(options, nodeEnvironment(options))
}
