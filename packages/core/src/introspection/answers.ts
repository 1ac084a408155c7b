// What every node tells whoever asks, over services that plain nodes neither see nor call. Small questions and bounded
// answers: long lists come in pages.

import { MeshError } from '../errors/mesh-error.ts'
import { isMemberAddress, type Address } from '../identity/address.ts'
import { isCalled } from '../membership/names.ts'
import { TokenBucket } from '../async/token-bucket.ts'
import type { Peer } from '../membership/peer.ts'
import type { Clock } from '../ports/clock.ts'
import { silentLog } from '../ports/log.ts'
import type { Router } from '../routing/router.ts'
import { traceService, type Destination, type ServiceRow } from '../routing/routing-types.ts'
import { answering } from '../calls/packet-answers.ts'
import type { Request, RequestHandler } from '../calls/request.ts'
import { loadFromWire } from '../services/load.ts'
import { servicesService } from '../services/relayed-services.ts'
import { pingService } from './ping.ts'
import { page } from './page.ts'

export const describeService = '$mesh.describe'
export const peersService = '$mesh.peers'
export const routesService = '$mesh.routes'

/** Descriptions and pages that one node makes in a second; who asks for more hears BUSY. Traces and pings are not counted. */
export const answersPerSecondMax = 50
/** Pages of providers, and rows of one node: a relay with thousands of leaves is asked for them. */
export const providerAnswersPerSecondMax = 500

/** What is asked, and by whom. */
export interface Question {
  readonly what: 'describe' | 'peers' | 'routes' | 'services' | 'trace' | 'ping'
  readonly from: Address
  /** The asker proved its address. */
  readonly verified: boolean
}

/** Whether this one may ask that. One that throws says no. */
export type MayAsk = (question: Question) => boolean

/** Names of functions in one description, in bytes: what is left of it belongs to the services. */
const functionNamesBytesMax = 8_192

/** What a node says of itself that its router does not know. */
export interface AboutNode {
  readonly kind: 'member' | 'relay' | 'plain'
  readonly name: string
  readonly network: string
  /** In a network with a key, relays must not learn what members call themselves: names are left out. Default false. */
  readonly namesSealed?: boolean
  readonly clock: Clock
  /** The names of its functions, where it has any. */
  readonly functions?: (() => readonly string[]) | undefined
  /** Default: everybody may ask everything. */
  readonly mayAsk?: 'everybody' | 'nobody' | MayAsk | undefined
  /** Who is here, where somebody keeps that picture: members. A relay does not. */
  readonly peers?: { readonly size: number; values(): Iterable<Peer> } | undefined
}

/** Makes a router answer `$mesh.ping`, `describe`, `routes`, `services` and `trace`; with `about.peers` `peers` too. */
export function answerQuestions(router: Router, about: AboutNode): void {
  const { clock, kind, network, namesSealed = false, peers } = about
  const name = namesSealed ? '' : about.name
  const since = clock.now()
  const limited = limiter(clock)
  const limitedToOne = limiter(clock, providerAnswersPerSecondMax)
  const answer = (service: string, handler: RequestHandler): void => {
    const what = service.slice(internalPrefix.length) as Question['what']
    const guarded = guardedBy(about.mayAsk ?? 'everybody', what, handler)
    router.registerService(service, answering(router, guarded, silentLog), { plain: false })
  }
  answer(pingService, () => undefined)

  answer(
    describeService,
    limited(() => {
      const services = router.ownServices().map(({ service, load }) => ({ service, load: loadFromWire(load) }))
      const { destinationCount: routes, address } = router
      const upMs = Math.round(clock.now() - since)
      const links = router.links().filter(({ peer }) => peer !== undefined).length
      const functions = about.functions && namesThatFit(about.functions())
      return page('services', services, {
        total: services.length,
        more: { address, kind, name, network, upMs, links, routes, functions },
      })
    }),
  )
  const routes: RequestHandler = (request) => {
    const { skip, about: target } = pageAsked(request)
    if (target === undefined) return page('routes', rowsOf(router.eachRoute(skip), namesSealed), { total: router.destinationCount, skip })
    const meant = routesTo(router, target)
    return page('routes', rowsOf(meant, namesSealed), { total: meant.length, skip, passed: 0 })
  }
  const [routesToMany, routesToOne] = [limited(routes), limitedToOne(routes)]
  answer(routesService, (request) => (isMemberAddress(pageAsked(request).about ?? '') ? routesToOne : routesToMany)(request))
  answer(
    servicesService,
    limitedToOne((request) => {
      const { skip, about: service } = pageAsked(request)
      const rows = router.services(service).filter((row) => !row.service.startsWith('$'))
      const best = rows.toSorted((one, other) => one.load - other.load || one.cost - other.cost || (one.address < other.address ? -1 : 1))
      return page('services', providersOf(router, best, namesSealed), { total: best.length, skip, passed: 0 })
    }),
  )
  answer(traceService, (request) => {
    const address = request.text() || request.from
    const { hops, cost, via } = router.destination(address) ?? {}
    return JSON.stringify({ address: address.slice(0, addressCharactersMax), via, hops, cost })
  })
  if (!peers) return
  answer(
    peersService,
    limited((request) => {
      const { skip } = pageAsked(request)
      return page('peers', peersOf(peers.values(), namesSealed), { total: peers.size, skip, passed: 0 })
    }),
  )
}

const addressCharactersMax = 255

/** To whoever is meant by an address, a `who` or a display name. */
function routesTo(router: Router, target: string): Destination[] {
  const exact = router.destination(target)
  if (exact || isMemberAddress(target)) return exact ? [exact] : []
  return router.routes().filter(isCalled(target))
}

function* rowsOf(destinations: Iterable<Destination>, namesSealed: boolean): IterableIterator<object> {
  for (const { address, kind, name, hops, cost, via, gateway } of destinations) {
    yield { address, kind, name: namesSealed ? '' : name, hops, cost, via, gateway }
  }
}

function* peersOf(peers: Iterable<Peer>, namesSealed: boolean): IterableIterator<object> {
  for (const peer of peers) yield namesSealed ? { ...peer, name: '' } : peer
}

function* providersOf(router: Router, rows: readonly ServiceRow[], namesSealed: boolean): IterableIterator<object> {
  for (const { service, address, load, hops, cost, kind } of rows) {
    const name = namesSealed ? '' : (router.destination(address)?.name ?? '')
    yield { service, address, load: loadFromWire(load), hops, cost, kind, name }
  }
}

/** Rows to leave out, and behind a space the service or the node that is meant; nothing: all of them. */
function pageAsked(request: Request): { skip: number; about: string | undefined } {
  const [, skip = '', , about] = /^(\d{0,9})( (.{1,100}))?$/su.exec(request.text()) ?? ['', 'x']
  if (skip === 'x')
    throw new MeshError('INVALID_OPTION', 'the body says how many rows to leave out, and behind a space which service or node')
  return { skip: Number(skip), about }
}

const internalPrefix = '$mesh.'
const encoder = new TextEncoder()

function guardedBy(mayAsk: 'everybody' | 'nobody' | MayAsk, what: Question['what'], handler: RequestHandler): RequestHandler {
  if (mayAsk === 'everybody') return handler
  return (request) => {
    if (isAllowed(mayAsk, { what, from: request.from, verified: request.verified })) return handler(request)
    throw new MeshError('NOT_ALLOWED', `this node does not tell you: '${what}'`)
  }
}

function isAllowed(mayAsk: 'nobody' | MayAsk, question: Question): boolean {
  if (mayAsk === 'nobody') return false
  try {
    return mayAsk(question)
  } catch {
    return false
  }
}

function namesThatFit(names: readonly string[]): string[] {
  let bytes = 0
  return names.filter((name) => (bytes += encoder.encode(JSON.stringify(name)).length + 1) <= functionNamesBytesMax)
}

function limiter(clock: Clock, mostASecond: number = answersPerSecondMax): (handler: RequestHandler) => RequestHandler {
  const budget = new TokenBucket(mostASecond, mostASecond, clock.now())
  return (handler) => (request) => {
    if (!budget.take(1, clock.now())) throw new MeshError('BUSY', `more than ${mostASecond} questions in a second`)
    return handler(request)
  }
}
