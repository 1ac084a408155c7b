import { defineConfig } from 'vitest/config'

const sources = { resolve: { conditions: ['hopmesh-source'] }, ssr: { resolve: { conditions: ['hopmesh-source'] } } }

/** In milliseconds: bounds what hangs, and judges nobody. A machine that has much else to do takes ten times as long as one that has not. */
const testTimeout = 120_000

export default defineConfig({
  test: {
    projects: [
      ...['core', 'server', 'browser'].map((name) => ({
        ...sources,
        test: {
          name,
          root: `packages/${name}`,
          include: ['test/**/*.test.ts'],
          globalSetup: name === 'server' ? ['test/build-once.ts'] : [],
          testTimeout,
          hookTimeout: testTimeout,
          // Core has no state but in objects, and its tests leave nothing behind: its modules are loaded once a worker, not once a file.
          isolate: name !== 'core',
        },
      })),
      // The documents and the programs they show, run as Node processes against the built packages.
      { ...sources, test: { name: 'scripts', include: ['scripts/test/**/*.test.mjs'], testTimeout, hookTimeout: testTimeout } },
    ],
  },
})
