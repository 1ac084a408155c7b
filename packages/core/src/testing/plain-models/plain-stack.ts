// How the plain ALN routers behave, one row for each difference that a neighbour can see, mistakes included. Written down from
// watching the real ones; `plain-router-model.ts` plays any of the columns.

/** The three stacks of plain ALN. */
export type PlainStackName = 'python' | 'nodejs' | 'go'

/** How one stack behaves where they differ. */
export interface PlainStack {
  readonly name: PlainStackName
  /** The channels that it has. */
  readonly carries: readonly ('stream' | 'text')[]
  /** A query is answered on every link, not only where it came from. */
  readonly answersEverywhere: boolean
  /** A route as good as the known one takes its place and is passed on. */
  readonly takesEqualCost: boolean
  /** It takes, passes on and tells a route to itself. */
  readonly routesToItself: boolean
  /** A withdrawal of what it does not know is passed on, too. */
  readonly relaysUnknownWithdrawals: boolean
  /** Hearing itself withdrawn it tells everything everywhere after this time. */
  readonly readvertisesAfterMs: number
  /** A service that it knows just so is passed on all the same. */
  readonly relaysKnownServices: boolean
  /** A load of 0 ends its router; else it takes the service away and always passes that on. */
  readonly diesOfLoadZero: boolean
  /** A packet with a type ends its router. */
  readonly diesOfType: boolean
  /** A service advert with bytes behind its load ends its router. */
  readonly diesOfTrailingBytes: boolean
  /** It believes that whoever is the source of a packet is its neighbour, and names that one as the next hop. */
  readonly learnsSources: boolean
  /** A packet for another next hop is dropped; else it is passed on. */
  readonly obeysNextHop: boolean
  /** A packet for a service without destination is copied to each provider, the sender included; else it is dropped. */
  readonly expandsMulticast: boolean
  /** A link that ends takes the services behind it out of its table. */
  readonly cleansServices: boolean
  /** A byte stream that breaks (and is not closed) stays in its tables for ever. */
  readonly keepsBrokenStreams: boolean
  /** What it tells when a service of its own ends. */
  readonly tellsRemoval: 'all but that' | 'nothing' | 'load 0'
  /** Data from 80 hex up is spoilt on a byte stream: written as UTF-8 under the old length. */
  readonly spoilsHighBytes: boolean
  /** END inside a frame is written as END and its escape code. */
  readonly escapesEndWrongly: boolean
  /** A NET_ERROR is a data packet like any other. */
  readonly forwardsErrors: boolean
}

/** The stacks that are out there, with what each does. */
export const plainStacks: Readonly<Record<PlainStackName, PlainStack>> = {
  python: {
    name: 'python',
    carries: ['stream'],
    answersEverywhere: true,
    takesEqualCost: false,
    routesToItself: true,
    relaysUnknownWithdrawals: false,
    readvertisesAfterMs: 0,
    relaysKnownServices: false,
    diesOfLoadZero: true,
    diesOfType: true,
    diesOfTrailingBytes: true,
    learnsSources: false,
    obeysNextHop: true,
    expandsMulticast: true,
    cleansServices: false,
    keepsBrokenStreams: false,
    tellsRemoval: 'all but that',
    spoilsHighBytes: false,
    escapesEndWrongly: true,
    forwardsErrors: false,
  },
  nodejs: {
    name: 'nodejs',
    carries: ['stream', 'text'],
    answersEverywhere: false,
    takesEqualCost: true,
    routesToItself: true,
    relaysUnknownWithdrawals: true,
    readvertisesAfterMs: 100,
    relaysKnownServices: true,
    diesOfLoadZero: false,
    diesOfType: false,
    diesOfTrailingBytes: false,
    learnsSources: false,
    obeysNextHop: true,
    expandsMulticast: true,
    cleansServices: true,
    keepsBrokenStreams: true,
    tellsRemoval: 'nothing',
    spoilsHighBytes: true,
    escapesEndWrongly: false,
    forwardsErrors: true,
  },
  go: {
    name: 'go',
    carries: ['stream', 'text'],
    answersEverywhere: false,
    takesEqualCost: false,
    routesToItself: false,
    relaysUnknownWithdrawals: false,
    readvertisesAfterMs: 100,
    relaysKnownServices: false,
    diesOfLoadZero: false,
    diesOfType: false,
    diesOfTrailingBytes: false,
    learnsSources: true,
    obeysNextHop: false,
    expandsMulticast: false,
    cleansServices: true,
    keepsBrokenStreams: false,
    tellsRemoval: 'load 0',
    spoilsHighBytes: false,
    escapesEndWrongly: false,
    forwardsErrors: false,
  },
}
