export { channelContractCases, channelContractCasesFor } from './channel-contract.ts'
export type { ChannelContractCase } from './channel-contract.ts'
export type { ChannelPair, ChannelWorld } from './channel-contract-run.ts'
export { runBroadcastScenario } from './simulator/broadcast-scenario.ts'
export type { BroadcastOutcome, BroadcastScenarioOptions } from './simulator/broadcast-scenario.ts'
export { runFaultScenario } from './simulator/fault-scenario.ts'
export type { FaultOutcome, FaultScenarioOptions } from './simulator/fault-scenario.ts'
export { measureChurn, measureSteady, measureUndetectedKill, measureWorkload } from './simulator/gossip-measures.ts'
export type { BroadcastMeasure } from './simulator/gossip-measures.ts'
export { GossipWorld } from './simulator/gossip-world.ts'
export type { GossipNode, GossipWorldOptions } from './simulator/gossip-world.ts'
export { Invariants } from './simulator/invariants.ts'
export { runCallsScenario } from './simulator/calls-scenario.ts'
export type { CallsOutcome, CallsScenarioOptions } from './simulator/calls-scenario.ts'
export { runLettersScenario } from './simulator/letters-scenario.ts'
export type { LettersOutcome, LettersScenarioOptions } from './simulator/letters-scenario.ts'
export { runMeshScenario } from './simulator/mesh-scenario.ts'
export type { MeshScenarioOptions } from './simulator/mesh-scenario.ts'
export { runPlainEdgeScenario } from './simulator/plain-edge-scenario.ts'
export type { PlainEdgeOutcome, PlainEdgeScenarioOptions } from './simulator/plain-edge-scenario.ts'
export { unrest } from './simulator/rest.ts'
export { RoutedWorld } from './simulator/routed-world.ts'
export type { RoutedWorldOptions, SimProcess } from './simulator/routed-world.ts'
export { runRoutingScenario } from './simulator/routing-scenario.ts'
export type { RoutingScenarioOptions } from './simulator/routing-scenario.ts'
export { RunningDigest } from './simulator/running-digest.ts'
export { ScenarioFailure } from './simulator/scenario-outcome.ts'
export type { ScenarioOutcome } from './simulator/scenario-outcome.ts'
export type { SimPath } from './simulator/sim-channel.ts'
export { shrinkFaults } from './simulator/shrink.ts'
export { simEnvironment, simUrl } from './simulator/sim-environment.ts'
export { SimNetwork } from './simulator/sim-network.ts'
export type { SimNetworkOptions, SimObserver, SimPipeOptions } from './simulator/sim-network.ts'
export type { SimNode } from './simulator/sim-node.ts'
export {
  cliques,
  diameter,
  drawTopology,
  full,
  grid,
  line,
  neighboursOf,
  randomRegular,
  ring,
  starOfRelays,
  tree,
  treeWithChords,
} from './simulator/topology.ts'
export type { Topology } from './simulator/topology.ts'
export { Traffic } from './simulator/traffic.ts'
export { healWorld, injectWorldFault, strikeWorld, worldFaultKinds } from './simulator/world-faults.ts'
export type { WorldFault, WorldFaultKind, WorldFaultOptions } from './simulator/world-faults.ts'
export { SimWorld } from './simulator/sim-world.ts'
export { PlainRouterModel } from './plain-models/plain-router-model.ts'
export type { PlainHandler } from './plain-models/plain-router-model.ts'
export { plainStacks } from './plain-models/plain-stack.ts'
export type { PlainStack, PlainStackName } from './plain-models/plain-stack.ts'
export { deafCrypto } from './deaf-crypto.ts'
export { SeededDice } from './seeded-dice.ts'
export { VirtualClock } from './virtual-clock.ts'
export type { VirtualClockOptions } from './virtual-clock.ts'
export { toyCrypto, toyKeyPair } from './toy-crypto.ts'
