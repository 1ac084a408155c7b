import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['core', 'server', 'browser'].map((name) => ({
      resolve: { conditions: ['hopmesh-source'] },
      ssr: { resolve: { conditions: ['hopmesh-source'] } },
      test: { name, root: `packages/${name}`, include: ['test/**/*.test.ts'], testTimeout: 20_000 },
    })),
  },
})
