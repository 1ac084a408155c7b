import { defaultClientConditions, defineConfig } from 'vite'

// Relative addresses, so that the built page works from any folder of any server. The library is read from its
// sources: nothing has to be built before the page.
export default defineConfig({
  base: './',
  resolve: { conditions: ['hopmesh-source', ...defaultClientConditions] },
  build: { target: 'es2022' },
})
