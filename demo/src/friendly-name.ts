const colours = [
  'Amber',
  'Azure',
  'Coral',
  'Copper',
  'Golden',
  'Indigo',
  'Ivory',
  'Jade',
  'Lilac',
  'Mint',
  'Ruby',
  'Scarlet',
  'Silver',
  'Teal',
]
const animals = ['Badger', 'Crane', 'Finch', 'Fox', 'Heron', 'Lynx', 'Marten', 'Otter', 'Owl', 'Puffin', 'Seal', 'Swift', 'Vole', 'Wren']

const key = 'hopmesh-demo-name'

function pick(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? ''
}

// A second tab opened from this one starts with a copy of sessionStorage, and two tabs of one name would only confuse.
function isReload(): boolean {
  const [entry] = performance.getEntriesByType('navigation')
  return entry instanceof PerformanceNavigationTiming && entry.type !== 'navigate'
}

/** A name for a page that was not given one. The same after a reload. */
export function friendlyName(): string {
  const kept = isReload() ? sessionStorage.getItem(key) : null
  const name = kept ?? `${pick(colours)} ${pick(animals)}`
  sessionStorage.setItem(key, name)
  return name
}
