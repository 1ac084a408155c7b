import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

// Only what stands under "dependencies" is there when the package is installed from a tarball: code and types.

const packages = fileURLToPath(new URL('../../', import.meta.url))

function importsOf(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const specifiers = files.flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/\b(?:from |import\()'([^.'][^']*)'/g)])
  const names = specifiers.map(([, specifier = '']) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '')
  return [...new Set(names)].filter((name) => !name.startsWith('node:')).toSorted()
}

it.each(['core', 'browser', 'server'])('what @hopmesh/%s imports is installed with it, and so are its types', (name) => {
  const manifest = join(packages, name, 'package.json')
  const { dependencies, devDependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, Record<string, string>>
  const resolve = createRequire(manifest)
  for (const imported of importsOf(join(packages, name, 'src'))) {
    // simple-peer is bundled into the package, whose types do not name it.
    if (name === 'browser' && imported === 'simple-peer' && devDependencies?.[imported]) continue
    expect(dependencies, imported).toHaveProperty([imported])
    if (imported.startsWith('@hopmesh/')) continue
    const found = resolve.resolve(imported)
    const root = found.slice(0, found.lastIndexOf(join('node_modules', imported)) + join('node_modules', imported).length)
    const own = readFileSync(join(root, 'package.json'), 'utf8')
    const typed = /"types"\s*:|"typings"\s*:/.test(own) || readdirSync(dirname(found)).some((file) => file.endsWith('.d.ts'))
    if (!typed) expect(dependencies, `types of ${imported}`).toHaveProperty([`@types/${imported}`])
  }
})
