import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build, defaultClientConditions } from 'vite'
import { e2eFolder, rootFolder, siteFolder } from './folders.ts'
import { serveFolder } from './static-server.ts'

function compilePackages(): void {
  const typescript = dirname(createRequire(join(rootFolder, 'package.json')).resolve('typescript/package.json'))
  const result = spawnSync(process.execPath, [join(typescript, 'bin', 'tsc'), '-b', 'packages/server'], { cwd: rootFolder, encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`The relay does not build:\n${result.stdout}${result.stderr}`)
}

async function buildPages(): Promise<void> {
  const quiet = { logLevel: 'warn', build: { emptyOutDir: true } } as const
  const demo = join(rootFolder, 'demo')
  await build({ ...quiet, root: demo, configFile: join(demo, 'vite.config.ts'), build: { emptyOutDir: true, outDir: join(siteFolder, 'demo') } })
  await build({
    ...quiet,
    root: join(e2eFolder, 'pages', 'bare'),
    configFile: false,
    base: './',
    resolve: { conditions: ['hopmesh-source', ...defaultClientConditions] },
    build: { emptyOutDir: true, outDir: join(siteFolder, 'bare'), target: 'es2022', minify: false },
  })
}

/** Builds the relay and both pages once, and serves the pages while the tests run. */
async function setUp(): Promise<() => void> {
  const before = process.env['NODE_ENV']
  compilePackages()
  await buildPages()
  // A build calls itself production, and an npm install of a test would leave out what it needs to build.
  if (before === undefined) delete process.env['NODE_ENV']
  else process.env['NODE_ENV'] = before
  const server = await serveFolder(siteFolder)
  process.env['HOPMESH_E2E_PORT'] = String(server.port)
  return () => server.close()
}

// oxlint-disable-next-line import/no-default-export -- Playwright asks for one
export default setUp
