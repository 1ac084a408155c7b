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
      output: { chunkFileNames: '[name].js' },
    },
  },
})
