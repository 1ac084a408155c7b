import { defineConfig } from '@playwright/test'
import { chromiumFlags, chromiumPath } from './support/chromium.ts'

export default defineConfig({
  testDir: '.',
  testMatch: '**/*.spec.ts',
  testIgnore: ['**/dist/**', '**/node_modules/**'],
  globalSetup: './support/global-setup.ts',
  outputDir: '../test-results',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  // They bound what hangs, and judge nobody: on a machine that has much else to do a page takes ten times as long.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: '../reports/e2e.json' }]],
  use: {
    headless: true,
    launchOptions: { executablePath: chromiumPath(), args: [...chromiumFlags] },
    trace: 'off',
  },
})
