import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const e2eFolder: string = dirname(dirname(fileURLToPath(import.meta.url)))
export const rootFolder: string = dirname(e2eFolder)
/** What the tests' own server serves: the built demo and the bare page. */
export const siteFolder: string = join(e2eFolder, 'dist', 'site')
export const relayScript: string = join(rootFolder, 'packages', 'server', 'dist', 'cli', 'main.js')
