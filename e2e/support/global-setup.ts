import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { buildPage, buildWith } from './build-page.ts'
import { e2eFolder, rootFolder, siteFolder } from './folders.ts'
import { serveFolder } from './static-server.ts'

function compilePackages(): void {
  const typescript = dirname(createRequire(join(rootFolder, 'package.json')).resolve('typescript/package.json'))
  const result = spawnSync(process.execPath, [join(typescript, 'bin', 'tsc'), '-b', 'packages/server'], {
    cwd: rootFolder,
    encoding: 'utf8',
  })
  if (result.status !== 0) throw new Error(`The relay does not build:\n${result.stdout}${result.stderr}`)
}

async function buildPages(): Promise<void> {
  const demo = join(rootFolder, 'demo')
  await buildWith({ root: demo, configFile: join(demo, 'vite.config.ts'), build: { emptyOutDir: true, outDir: join(siteFolder, 'demo') } })
  await buildPage(join(e2eFolder, 'pages', 'bare'), 'bare')
}

/** Builds the relay and both pages once, and serves the pages while the tests run. */
async function setUp(): Promise<() => void> {
  compilePackages()
  await buildPages()
  const server = await serveFolder(siteFolder)
  process.env['HOPMESH_E2E_PORT'] = String(server.port)
  return () => server.close()
}

// oxlint-disable-next-line import/no-default-export -- Playwright asks for one
export default setUp
