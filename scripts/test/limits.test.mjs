import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path) => readFileSync(new URL(path, root), 'utf8')

const rows = [...read('docs/limits.md').matchAll(/^\| `(\w+)` in `([^`]+)` \| ([^|]+) \| ([^|]+) \| (.+) \|$/gm)].map(
  ([, name, file, value, happens, tests]) => ({
    name,
    file,
    value: value.trim(),
    happens,
    tests: [...tests.matchAll(/`([^`]+)` “([^”]+)”/g)].map(([, path, title]) => ({ path, title })),
  }),
)

/** The bounds of the design, by the names that they have here. */
const asked = [
  ...[
    'linkFrameBytesMax',
    'plainPacketBytesMax',
    'plainTextBytesMax',
    'originsMax',
    'plainHostsMax',
    'servicesMax',
    'nameBytesMax',
    'controlPerSecondMax',
    'controlBurstMax',
  ],
  ...[
    'dumpEveryMs',
    'questionsPerSecondMax',
    'newOriginsPerSecondMax',
    'handshakesPendingMax',
    'greetingTimeoutMs',
    'keptMax',
    'historiesMax',
    'memberHeldBytesMax',
    'relayHeldBytesMax',
  ],
]

test('every limit that was asked for has its row', () => {
  expect(rows.length).toBeGreaterThan(50)
  expect(asked.filter((name) => !rows.some((row) => row.name === name))).toEqual([])
})

test('no limit has two rows, which would say two things one day', () => {
  const names = rows.map(({ name, file }) => `${name} in ${file}`)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

test.each(rows)('$name: the source says the same, and the tests exist', ({ name, file, value, tests }) => {
  const source = read(file)
  const declared = new RegExp(`\\b${name}(?::\\s*\\w+)?\\s*[=:]\\s*([\\d_]+(?: \\* [\\d_]+)*)`).exec(source)
  expect(declared?.[1]?.replaceAll('_', ' '), `${name} in ${file}`).toBe(value)
  expect(tests.length).toBeGreaterThan(0)
  for (const { path, title } of tests) {
    expect(existsSync(new URL(path, root)), path).toBe(true)
    expect(read(path).includes(title), `${path}: ${title}`).toBe(true)
  }
})
