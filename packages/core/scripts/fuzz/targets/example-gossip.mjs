/** One life of an origin that does not exist. */
export const exampleLife = { origin: 'kaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaa', epoch: 1_700_000_000, fleeting: false }

/** What neighbours say about the broadcasts of a life. */
export const gossipAbout = (about) => [
  { type: 'prune', tree: '' },
  {
    type: 'have',
    offer: true,
    ids: [
      { ...about, counter: 1, ownTree: false, heldMs: 300 },
      { ...about, counter: 9, ownTree: true, heldMs: 20 },
    ],
  },
  { type: 'graft', tree: about.origin, eager: true, ids: [{ ...about, counter: 1 }] },
  { type: 'digest', hash: 7, count: 3 },
  {
    type: 'holds',
    answer: false,
    rows: [
      {
        ...about,
        ranges: [
          { start: 1, end: 4 },
          { start: 9, end: 12 },
        ],
      },
    ],
  },
  { type: 'want', rows: [{ ...about, ranges: [{ start: 1, end: 4_000_000_000 }] }] },
  { type: 'receipts', receipts: [new Uint8Array(200)] },
]
