import { basename, dirname } from 'node:path'
import { defineConfig } from 'vite'

// dist/ has two writers: `tsc -b` leaves the declarations there, vite the code. Neither empties it for the other.
export default defineConfig({
  build: {
    target: 'es2022',
    sourcemap: true,
    minify: false,
    emptyOutDir: false,
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: 'index' },
    rolldownOptions: {
      external: [/^@hopmesh\/core(\/|$)/, 'idb-keyval'],
      output: {
        // Every transport has a channel.ts.
        chunkFileNames: ({ name, facadeModuleId }) =>
          name === 'channel' && facadeModuleId ? `${basename(dirname(facadeModuleId))}-channel.js` : '[name].js',
      },
    },
  },
})
