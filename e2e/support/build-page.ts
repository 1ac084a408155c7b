import { join } from 'node:path'
import { build, defaultClientConditions, type InlineConfig } from 'vite'
import { siteFolder } from './folders.ts'

/** Where the page built into that folder of the served site is found. */
export function pageUrl(folder: string): string {
  return `http://localhost:${process.env['HOPMESH_E2E_PORT']}/${folder}/`
}

/** Builds a page from `root` with the packages' sources into a folder of the served site. */
export async function buildPage(root: string, folder: string): Promise<void> {
  await buildWith({ root, base: './', build: { emptyOutDir: true, outDir: join(siteFolder, folder) } })
}

/** One vite build. The configuration of `config` wins; without a `configFile` the packages are read from their sources. */
export async function buildWith(config: InlineConfig): Promise<void> {
  const before = process.env['NODE_ENV']
  const sources: InlineConfig =
    config.configFile === undefined ? { configFile: false, resolve: { conditions: ['hopmesh-source', ...defaultClientConditions] } } : {}
  try {
    await build({ logLevel: 'warn', ...sources, ...config, build: { target: 'es2022', ...config.build } })
  } finally {
    // A build calls its whole process production, and an npm install of a later test would leave out what builds with.
    if (before === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = before
  }
}
