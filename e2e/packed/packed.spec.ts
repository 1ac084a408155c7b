import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { e2eFolder, rootFolder } from '../support/folders.ts'
import { runCommand } from '../support/run-command.ts'
import { serveFolder } from '../support/static-server.ts'
import { expect, test } from '../support/test.ts'

// The packages are on no registry yet: this is how an app gets them, and the only test of what is really inside.
test.describe.configure({ mode: 'serial' })

const packages = ['core', 'browser', 'server'] as const
let app = ''

async function versionOf(tool: string): Promise<string> {
  const { devDependencies } = JSON.parse(await readFile(join(rootFolder, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  return devDependencies[tool] ?? 'latest'
}

/** Packs the three packages into a folder; the paths of the tarballs by package name. */
async function packAll(folder: string): Promise<Record<string, string>> {
  await runCommand(
    process.execPath,
    [join(rootFolder, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'packages/server', 'packages/browser'],
    rootFolder,
  )
  const browser = join(rootFolder, 'packages', 'browser')
  await runCommand(process.execPath, [join(rootFolder, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'], browser)
  const tarballs: Record<string, string> = {}
  for (const name of packages) {
    await runCommand('npx', ['-y', 'pnpm@12', 'pack', '--pack-destination', folder], join(rootFolder, 'packages', name))
    const file = (await readdir(folder)).find((entry) => entry.startsWith(`hopmesh-${name}-`))
    tarballs[`@hopmesh/${name}`] = `file:${join(folder, file ?? '')}`
  }
  return tarballs
}

test.beforeAll(async () => {
  test.setTimeout(900_000)
  const folder = await mkdtemp(join(tmpdir(), 'hopmesh-packed-'))
  const tarballs = await packAll(folder)
  app = join(folder, 'app')
  await mkdir(app)
  await cp(join(e2eFolder, 'packed', 'fresh-app'), app, { recursive: true })
  const manifest = {
    name: 'fresh-app',
    private: true,
    type: 'module',
    dependencies: tarballs,
    devDependencies: { typescript: await versionOf('typescript'), vite: await versionOf('vite') },
  }
  await writeFile(join(app, 'package.json'), JSON.stringify(manifest, null, 2))
  await runCommand('npm', ['install', '--include=dev', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel', 'error'], app)
})

test.afterAll(async () => {
  if (app !== '') await rm(join(app, '..'), { recursive: true, force: true })
})

test('an app outside the workspace is type-checked and built with the packed packages, and two tabs of it join', async ({
  pages,
  relay,
  browser,
}) => {
  test.setTimeout(480_000)
  const tool = (...path: string[]): string => join(app, 'node_modules', ...path)
  await runCommand(process.execPath, [tool('typescript', 'bin', 'tsc'), '-p', '.'], app)
  await runCommand(process.execPath, [tool('vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'], app)
  const server = await serveFolder(join(app, 'dist'))
  const context = await browser.newContext()
  try {
    const open = async (name: string): Promise<ReturnType<typeof context.newPage>> => {
      const page = await context.newPage()
      pages.watch(page)
      await page.goto(`http://localhost:${server.port}/?relay=${encodeURIComponent(relay.url)}&name=${name}`)
      return page
    }
    const ada = await open('Ada')
    const bob = await open('Bob')
    await expect(ada.locator('#peers')).toContainText('Bob')
    await expect(bob.locator('#peers')).toContainText('Ada')
    for (const page of [ada, bob]) await expect(page.locator('#answer')).toHaveText('pong fresh')
  } finally {
    await context.close()
    server.close()
  }
})

test('the packed browser package can be imported in Node.js', async () => {
  const script = "import('@hopmesh/browser').then(({ joinMesh, createMesh }) => console.log(typeof joinMesh, typeof createMesh))"
  expect((await runCommand(process.execPath, ['-e', script], app)).trim()).toBe('function function')
})

test('the packed command line says how it is used', async () => {
  expect(await runCommand(join(app, 'node_modules', '.bin', 'hopmesh'), ['--help'], app)).toMatch(/relay/)
})
