// Takes away what was built of the packages: `tsc -b` leaves what it made of files that are gone, and all of `dist` is packed.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './workspace.mjs'

for (const name of ['core', 'browser', 'server']) rmSync(join(root, 'packages', name, 'dist'), { recursive: true, force: true })
