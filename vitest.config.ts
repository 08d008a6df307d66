import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/services.ts',
    setupFiles: ['test/setup.ts'],
    pool: 'forks',
    // Without module mocks nothing leaks between files, and the Temporal SDK is loaded once per process.
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    teardownTimeout: 20_000,
    reporters: ['default', 'json'],
    outputFile: { json: '.onset/test-report.json' },
  },
})
