import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const E2E = '**/*.e2e.test.ts';
/** Looks at what all the others left behind. */
const LAST = '**/*.last.test.ts';
const NEVER = ['**/node_modules/**', '**/.demo/**'];
/** Layers whose modules keep nothing in memory that one test could leave to another. */
const STATELESS = ['proto/**/*.test.ts', 'trust/**/*.test.ts'];
/** Programs that tests start begin in half the time when they are not compiled anew. */
const COMPILED = fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url));

const UNIT = {
  testTimeout: 20_000,
  hookTimeout: 20_000,
  // Every core: left to itself the runner keeps one free.
  maxWorkers: '100%',
};

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    env: { NODE_COMPILE_CACHE: COMPILED },
    reporters: ['default', './scripts/summary-reporter.ts'],
    globalSetup: ['./gateway/store/testing/postgres-setup.ts', './gateway/testing/log-setup.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [E2E, LAST, ...STATELESS, ...NEVER],
          ...UNIT,
        },
      },
      {
        extends: true,
        test: {
          name: 'stateless',
          include: STATELESS,
          exclude: [E2E, LAST, ...NEVER],
          ...UNIT,
          // Half of the time of these would go into loading the same modules again for every file.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [E2E],
          exclude: NEVER,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // These start gateways as processes of their own: more at once only makes all of them slow.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'last',
          include: [LAST],
          exclude: NEVER,
          testTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
