import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MeshError } from '../../src/errors/mesh-error.ts'
import { decodeValue, encodeValue } from '../../src/functions/value-codec.ts'
import { ByteWriter } from '../../src/wire/bytes.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'

function there(value: unknown): unknown {
  const bytes = encodeValue(value)
  if (bytes instanceof MeshError) throw bytes
  const decoded = decodeValue(bytes)
  if (isWireFault(decoded)) throw new Error(decoded.detail)
  return decoded.value
}

/** The bytes of a value that somebody wrote by hand. */
function flat(json: unknown, runs: Uint8Array[] = []): Uint8Array {
  const writer = new ByteWriter().lengthed(new TextEncoder().encode(JSON.stringify(json))).varint(runs.length)
  for (const run of runs) writer.varint(run.length)
  for (const run of runs) writer.bytes(run)
  return writer.finish()
}

describe('values on the wire', () => {
  it('PY-29 PN-15 everything that is promised arrives as it was, nested', () => {
    const shared = { x: 1 }
    const value = {
      nothing: undefined,
      none: null,
      numbers: [1.5, -0, Number.NaN, Infinity, -Infinity, 2 ** 53],
      texts: ['', 'ä', '\ud800', '\u0000 </script>'],
      big: [12_345_678_901_234_567_890n, -1n, 0n],
      date: new Date(1_234_567_890_123),
      map: new Map<unknown, unknown>([
        ['a', 1],
        [{ k: 1 }, new Set([1, 'two', new Map()])],
      ]),
      bytes: new Uint8Array([1, 2, 3]),
      others: [
        new Float64Array([1.5]),
        new Int16Array([-2]),
        new BigUint64Array([2n ** 63n]),
        new Uint8Array().buffer,
        new DataView(new ArrayBuffer(3)),
      ],
      twice: [shared, shared],
      holes: [1, , 3], // oxlint-disable-line no-sparse-arrays
      names: { constructor: 1, toJSON: 3, hasOwnProperty: 4 },
    }
    expect(there(value)).toEqual(value)
    expect(Object.is((there([-0]) as number[])[0], -0)).toBe(true)
    for (const simple of [undefined, null, true, 0, -0, '', 1n]) expect(there(simple)).toEqual(simple)
    // Of a view only what it shows, never what else its buffer holds.
    const secret = new TextEncoder().encode('a secret and text')
    expect(there(secret.subarray(13))).toEqual(new TextEncoder().encode('text'))
    expect(Buffer.from(encodeValue(secret.subarray(13)) as Uint8Array).includes('secret')).toBe(false)
    expect(there(Buffer.from('abc'))).toEqual(new Uint8Array([97, 98, 99]))
  })

  it('PN-19 what cannot be sent is an error that says where it stands', () => {
    const getter = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('mine')
      },
    }) // oxlint-disable-line
    let deep: unknown = 1
    for (let at = 0; at < 200_000; at += 1) deep = [deep]
    for (const bad of [
      () => 1,
      Symbol('x'),
      { a: { b: () => 1 } },
      new (class Own {
        x = 1
      })(),
      /x/,
      new URL('http://x'),
      Promise.resolve(1),
      new WeakMap(),
      getter,
      deep,
      10n ** 3_000n,
    ]) {
      expect(encodeValue(bad)).toMatchObject({ code: 'INVALID_OPTION' })
    }
    expect((encodeValue({ a: { b: () => 1 } }) as MeshError).message).toContain('a.b')
  })

  it('PN-19 what nobody would read is not sent', () => {
    const circle: unknown[] = [1]
    circle.push({ again: circle })
    let deep: unknown = 1
    for (let at = 0; at < 300; at += 1) deep = { deep }
    let wide: unknown = 1
    for (let at = 0; at < 64; at += 1) wide = [wide, wide]
    const holes: unknown[] = []
    holes[2_000_000] = 1
    for (const bad of [circle, deep, wide, holes]) expect(encodeValue(bad)).toMatchObject({ code: 'INVALID_OPTION' })
    expect((encodeValue(circle) as MeshError).message).toContain('circle')
  })

  it('any values go there and back', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: false,
      withSparseArray: true,
    })
    fc.assert(
      fc.property(anything, (value) => {
        const bytes = encodeValue(value)
        if (bytes instanceof MeshError) return
        const decoded = decodeValue(bytes)
        expect(isWireFault(decoded)).toBe(false)
        expect((decoded as { value: unknown }).value).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it('any bytes are a value or a fault, whole and mutated', () => {
    const valid = encodeValue([{ a: [1, new Map([[1n, new Uint8Array(4)]])] }, new Date(5), undefined]) as Uint8Array
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeValue(bytes)),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.nat(255), (at, byte) => void decodeValue(valid.with(at, byte))),
      { numRuns: 2_000 },
    )
    for (let end = 0; end < valid.length; end += 1) expect(isWireFault(decodeValue(valid.subarray(0, end)))).toBe(true)
    const json = fc.json({ depthSize: 'medium' })
    fc.assert(
      fc.property(json, (text) => void decodeValue(flat(JSON.parse(text)))),
      { numRuns: 2_000 },
    )
    const index = fc.integer({ min: -8, max: 6 })
    const part = fc.oneof(
      index,
      fc.array(index),
      fc.dictionary(fc.constantFrom('a', '__proto__', 'constructor'), index),
      fc.tuple(
        fc.constantFrom('Map', 'Set', 'Date', 'BigInt', 'null', 'bytes', 'Object', 'RegExp', 'ArrayBuffer', 'Uint8Array', 'URL'),
        index,
        index,
      ),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => void decodeValue(flat(parts, [new Uint8Array(3)]))),
      { numRuns: 5_000 },
    )
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it.each<[string, unknown]>([
    ['a circle', [[0]]],
    ['a longer circle', [[1], { a: 2 }, ['Map', 0, 0]]],
    ['what unfolds without end', Array.from({ length: 64 }, (_, index) => [index + 1, index + 1]).concat([1 as never])],
    ['too deep', Array.from({ length: 300 }, (_, index) => [index + 1] as unknown).concat([1])],
    ['__proto__', [JSON.parse('{"__proto__": 1}'), 1]],
    ['a huge bigint', [['BigInt', '9'.repeat(100_000)]]],
    ['a regular expression', [['RegExp', '(a+)+$']]],
    ['an array longer than its bytes', [[-7, 4_000_000_000]]],
    ['bytes that are not there', [['bytes', 1], [2, 3], 0, 9]],
    ['bytes of no kind', [['bytes', 1], [2, 3], 99, 0]],
    ['bytes that point at themselves', [['bytes', 0]]],
    ['half a number', [['bytes', 1], [2, 3], 9, 0]],
    ['a part that is not there', [[7]]],
  ])('hostile: %s is a fault', (_, json) => {
    expect(isWireFault(decodeValue(flat(json, [new Uint8Array(3)])))).toBe(true)
  })

  it('hostile: nesting and counts beyond all measure are faults, at once', () => {
    const deep = new TextEncoder().encode(`${'['.repeat(500_000)}${']'.repeat(500_000)}`)
    expect(isWireFault(decodeValue(new ByteWriter().lengthed(deep).varint(0).finish()))).toBe(true)
    expect(
      isWireFault(
        decodeValue(
          new ByteWriter()
            .lengthed(new TextEncoder().encode('[1]'))
            .varint(2 ** 50)
            .finish(),
        ),
      ),
    ).toBe(true)
    expect(isWireFault(decodeValue(new ByteWriter().varint(2 ** 50).finish()))).toBe(true)
  })
})
