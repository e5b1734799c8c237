/** Records the vectors of envelopes and evidence. `node trust/testing/recording/record-vectors.ts` writes the missing files. */
import { existsSync, writeFileSync } from 'node:fs';
import type { SuiteName } from '../../suites.ts';
import { recordEnvelopes } from './envelopes.ts';
import { recordBundle, recordCheckpoint, recordLog } from './evidence.ts';
import { recordReceipts } from './receipts.ts';

const SUITES: readonly SuiteName[] = ['ES256', 'Ed25519'];

/** Every file of this kind of vectors, by name, and how it is recorded. */
export const RECORDINGS: Readonly<Record<string, () => Promise<object>>> = {
  'log-sha256': recordLog,
  ...Object.fromEntries(
    SUITES.flatMap((suite) => {
      const name = suite.toLowerCase();
      return [
        [`envelope-${name}`, () => recordEnvelopes(suite)],
        [`receipt-${name}`, () => recordReceipts(suite)],
        [`checkpoint-${name}`, () => recordCheckpoint(suite)],
        [`bundle-${name}`, () => recordBundle(suite)],
      ];
    }),
  ),
};

if (import.meta.main) {
  for (const [name, record] of Object.entries(RECORDINGS)) {
    const file = new URL(`../../vectors/${name}.json`, import.meta.url);
    if (!existsSync(file)) writeFileSync(file, `${JSON.stringify(await record(), undefined, 1)}\n`);
  }
}
