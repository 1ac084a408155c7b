import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest = (name) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
const sourceOf = (name, entry = '.') => join(root, 'packages', name, manifest(name).exports[entry]['hopmesh-source'])

/** The specifiers that a source file imports at run time: statically, or by import(). */
function importsOf(file) {
  const text = readFileSync(file, 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
  const fixed = [...text.matchAll(/^(?:import|export)\s(?!type\b)(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]/gm)].map((found) => found[1])
  const lazy = [...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)].map((found) => found[1])
  return { fixed, lazy }
}

/** What is loaded when `entry` is: files of ours, and the packages beside them. */
function loadedBy(entry) {
  const files = new Set()
  const packages = new Set()
  const lazy = new Set()
  const visit = (file) => {
    if (files.has(file)) return
    files.add(file)
    const imports = importsOf(file)
    for (const specifier of imports.lazy) lazy.add(specifier)
    for (const specifier of imports.fixed) {
      if (specifier.startsWith('.')) visit(resolve(dirname(file), specifier))
      else packages.add(specifier)
    }
  }
  visit(entry)
  return { files: [...files], packages: [...packages].toSorted(), lazy: [...lazy].toSorted() }
}

const nameOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

describe('dependencies', () => {
  test('ALN-50 core depends on eventemitter3, @scure/base, devalue and the three @noble packages, and on nothing else', () => {
    const { dependencies, peerDependencies, optionalDependencies } = manifest('core')
    expect(Object.keys(dependencies).toSorted()).toEqual([
      '@noble/ciphers',
      '@noble/curves',
      '@noble/hashes',
      '@scure/base',
      'devalue',
      'eventemitter3',
    ])
    expect(peerDependencies).toBeUndefined()
    expect(optionalDependencies).toBeUndefined()
  })

  test("ALN-50 core's main entry loads neither @noble nor a transport; /noble loads @noble", () => {
    const main = loadedBy(sourceOf('core'))
    expect(main.files.length).toBeGreaterThan(20)
    expect(main.files.every((file) => existsSync(file))).toBe(true)
    expect([...new Set(main.packages.map(nameOf))]).toEqual(['@scure/base', 'devalue', 'eventemitter3'])
    expect(main.lazy).toEqual([])
    expect(main.files.filter((file) => /noble|websocket|webrtc|bluetooth|tcp/.test(file))).toEqual([])

    const noble = loadedBy(sourceOf('core', './noble'))
    expect([...new Set(noble.packages.map(nameOf))].filter((name) => name.startsWith('@noble/'))).toEqual([
      '@noble/ciphers',
      '@noble/curves',
      '@noble/hashes',
    ])
  })

  test('what a page loads late is reached by nothing that it loads at once', () => {
    const inCore = (files) => files.map((file) => relative(join(root, 'packages/core/src'), file))
    const [main, late] = ['.', './late'].map((entry) => inCore(loadedBy(sourceOf('core', entry)).files))
    const lateOnly =
      /^(plain-edge\/|mesh\/late-parts|routing\/plain\/plain-part|link\/plain-codec|wire\/plain-stream|streams\/(?!stream-(?:room|name|options)\.)|devices\/device-link|introspection\/(trace|inspect)\.)/
    expect(main.filter((file) => lateOnly.test(file))).toEqual([])
    expect(late.filter((file) => lateOnly.test(file)).length).toBeGreaterThan(20)

    const page = loadedBy(sourceOf('browser'))
    expect(page.packages).not.toContain('@hopmesh/core/late')
    expect(page.lazy).toContain('@hopmesh/core/late')
    expect(page.files.filter((file) => /webrtc\/(attempt|channel)/.test(file))).toEqual([])
  })

  test('ALN-50 a page loads simple-peer and @noble only when they are needed', () => {
    const page = loadedBy(sourceOf('browser'))
    expect([...new Set(page.packages.map(nameOf))].filter((name) => name !== '@hopmesh/core')).toEqual(['idb-keyval'])
    expect(page.packages).not.toContain('@hopmesh/core/noble')
    expect(page.lazy.join(' ')).toMatch(/@hopmesh\/core\/noble/)
    const everything = page.lazy.filter((specifier) => specifier.startsWith('.')).flatMap((specifier) => specifier)
    expect(everything.concat(page.lazy).join(' ')).toMatch(/simple-?peer|webrtc/)
  })
})
