import { describe, expect, it } from 'vitest'
import { packetFromJson, packetToJson } from '../../src/wire/packet-json.ts'
import { shown } from './vectors.ts'

const data = new Uint8Array([0xfb, 0xff, 0xfe, 0x00])

describe('ALN-34 JSON packets', () => {
  it('has every key, unset as node has it, and no size', () => {
    expect(packetToJson({})).toBe('{"cf":0,"net":0,"srv":"","src":"","dst":"","nxt":"","seq":0,"ack":0,"ctx":0,"typ":0,"data":null}')
    expect(JSON.parse(packetToJson({ data })).data).toBe('+//+AA==')
  })

  it('reads base64 padded or not, URL-safe, with white space', () => {
    for (const text of ['+//+AA==', '+//+AA', '-__-AA', '-__-AA==', ' +//+\\nAA== ', '+//+AA==\\r\\n', '+/ /+A A']) {
      expect(packetFromJson(`{"data":"${text}"}`), text).toMatchObject({ data })
    }
  })

  it('takes what is missing, null, 0 or "" as unset; ignores keys that it does not know and any cf', () => {
    for (const text of [
      '{}',
      '{"net":null,"srv":null,"seq":null,"data":null}',
      '{"net":0,"srv":"","data":""}',
      '{"cf":"what","crc":-1,"sz":1e9,"data_sz":{},"more":[1]}',
      ' {"cf":9}\n',
    ]) {
      expect(shown(packetFromJson(text)), text).toEqual({})
    }
    expect(packetFromJson('{"SRC":"a","Ctx":7,"DATA":"aGk="}')).toMatchObject({ srcAddr: 'a', contextID: 7 })
  })

  it.each([
    ['', 'bad-json'],
    ['null', 'bad-json'],
    ['[]', 'bad-json'],
    ['"a"', 'bad-json'],
    ['1', 'bad-json'],
    ['{"a":1}x', 'bad-json'],
    ['{', 'bad-json'],
    ['{"ctx":"5"}', 'bad-value'],
    ['{"ctx":65536}', 'bad-value'],
    ['{"ctx":-1}', 'bad-value'],
    ['{"ctx":1.5}', 'bad-value'],
    ['{"net":256}', 'bad-value'],
    ['{"typ":256}', 'bad-value'],
    ['{"seq":65536}', 'bad-value'],
    ['{"ack":4294967296}', 'bad-value'],
    ['{"ack":1e400}', 'bad-value'],
    ['{"net":true}', 'bad-value'],
    ['{"src":5}', 'bad-value'],
    ['{"dst":{}}', 'bad-value'],
    ['{"data":5}', 'bad-value'],
    ['{"data":"a"}', 'bad-value'],
    ['{"data":"$$$$"}', 'bad-value'],
    ['{"data":[104,105]}', 'bad-value'],
    [`{"src":"${'x'.repeat(256)}"}`, 'too-long'],
    [`{"src":"${'é'.repeat(128)}"}`, 'too-long'],
    [`{"data":"${'AAAA'.repeat(21_846)}"}`, 'too-long'],
    [`{"x":"${' '.repeat(300_000)}"}`, 'too-long'],
    ['['.repeat(100_000), 'bad-json'],
  ])('refuses %s', (text, code) => {
    expect(packetFromJson(text)).toMatchObject({ code })
  })

  it('a prototype in the text stays text', () => {
    const packet = packetFromJson('{"__proto__":{"netState":3,"polluted":1},"constructor":{"prototype":{"polluted":1}},"ctx":1}')
    expect(shown(packet)).toEqual({ contextID: 1 })
    expect(Object.getPrototypeOf(packet)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})
