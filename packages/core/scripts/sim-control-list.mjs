// What the negative controls switch off: pieces of the built router, as tsc writes them.

/** The router forgets to tell some changes, as if control messages were lost without their link noticing. */
const forgetful = {
  file: 'routing/exchange/advertiser.js',
  text: 'const entry = this.#change(neighbour, listener, address);\n            if (entry)\n                entries.push(entry);\n        }\n        for',
  by: 'const entry = this.#change(neighbour, listener, address);\n            if (entry && (globalThis.simForgets = (globalThis.simForgets ?? 0) + 1) % 40 !== 0)\n                entries.push(entry);\n        }\n        for',
}

/** Nobody asks for everything anew, which would mend what other rules leave undone. */
const withoutDigest = { file: 'routing/exchange/route-exchange.js', text: "neighbour.link.sendControl({ type: 'refresh' });", by: '' }

/**
 * `replace`: what is switched off. `world`: where it is looked for, `faults` by default. `given`: a trouble that is there in any case, with which alone nothing may break.
 * `slackMs`: what that trouble adds to the time that healing takes. `seeds`: how many may pass before it counts as unnoticed.
 */
export const controls = [
  {
    name: 'feasibility',
    replace: [
      { file: 'routing/table/route-choice.js', text: 'return isBetter(route.seq48, route.advertised, feasibility);', by: 'return true;' },
    ],
  },
  {
    name: 'half of R4 (a next hop that moved at the same metric is told)',
    given: [withoutDigest],
    replace: [
      {
        file: 'routing/table/route-table.js',
        text: "return selected.neighbour === before.neighbour ? 'same' : 'moved';",
        by: "return 'same';",
      },
    ],
  },
  {
    name: 'R7 (a shorter route that cannot be trusted is asked for)',
    replace: [{ file: 'routing/exchange/wants.js', text: 'this.#askBetterLater(origin, 0);', by: '' }],
  },
  {
    name: 'R8 (requests are passed on)',
    replace: [{ file: 'routing/exchange/requests.js', text: 'this.#port.ask(next, destination, seq48, forwarded.hops);', by: '' }],
  },
  {
    name: 'the digest (R10)',
    given: [forgetful],
    // Two pings that differ, and a dump.
    slackMs: 40_000,
    replace: [withoutDigest],
  },
  {
    name: 'L2 (plain nodes never raise a cost: a higher one is an echo)',
    world: 'edge',
    replace: [{ file: 'plain-edge/plain-neighbour.js', text: 'host.cost <= cost;', by: 'host.cost === cost;' }],
  },
  {
    name: 'L3 (what plain nodes heard from one of ours is not believed)',
    world: 'edge',
    replace: [{ file: 'plain-edge/plain-words.js', text: 'return cost >= injectedCost;', by: 'return false;' }],
  },
  {
    name: 'MM5 (a message is taken once)',
    world: 'letters',
    replace: [{ file: 'messages/messages.js', text: 'this.#taken.add(whoPart(from), body.id)', by: 'true' }],
  },
  {
    name: 'MM5 kept (also by the next process)',
    world: 'letters',
    replace: [{ file: 'messages/messages.js', text: 'this.#taken.attach(kept);', by: '' }],
  },
  {
    name: 'the outbox (what is stored is sent by the next process)',
    world: 'letters',
    replace: [{ file: 'messages/post-office.js', text: 'return store && this.#resume(store);', by: 'return undefined;' }],
  },
  {
    name: 'saying again (what is not answered)',
    world: 'letters',
    replace: [{ file: 'messages/deliveries.js', text: 'else if (this.#router)\n            this.#later(lane, letter);', by: '' }],
  },
  {
    name: 'at most once (what may have been executed is asked of nobody else)',
    world: 'calls',
    replace: [{ file: 'calls/call-run.js', text: "(ran === 'maybe' && !this.#plan.idempotent)", by: 'false' }],
  },
  {
    name: 'MM9 (answers stand in their order)',
    world: 'calls',
    replace: [{ file: 'calls/answer-order.js', text: 'const due = [];', by: 'return [answer]; const due = [];' }],
  },
  {
    name: 'BC8 (who missed something asks for it)',
    world: 'broadcasts',
    seeds: 20,
    replace: [{ file: 'gossip/catch-up.js', text: 'this.#want(neighbour, wanted);', by: '' }],
  },
  {
    name: 'BC9 (in the order of the origin)',
    world: 'broadcasts',
    seeds: 20,
    replace: [{ file: 'gossip/gossip.js', text: 'this.#order.take(id, { history, floor, late, deliver });', by: 'deliver();' }],
  },
]
