import { defineConfig } from 'vitest/config'

const sources = { resolve: { conditions: ['hopmesh-source'] }, ssr: { resolve: { conditions: ['hopmesh-source'] } } }

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
          testTimeout: 20_000,
        },
      })),
      // The documents and the programs they show, run as Node processes against the built packages.
      { ...sources, test: { name: 'scripts', include: ['scripts/test/**/*.test.mjs'], testTimeout: 30_000 } },
    ],
  },
})
