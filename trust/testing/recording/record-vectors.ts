/** Records the vectors of envelopes, evidence, archives, certificates and SM2. `node trust/testing/recording/record-vectors.ts` writes the missing files. */
import { existsSync, writeFileSync } from 'node:fs';
import { SUITE_NAMES } from '../../suites.ts';
import { recordVolume } from './archive.ts';
import { recordCertificate } from './certificates.ts';
import { recordEnvelopes } from './envelopes.ts';
import { recordBundle, recordCheck, recordCheckpoint, recordLog } from './evidence.ts';
import { recordNestedCertificate } from './nested-certificates.ts';
import { recordPaper } from './papers.ts';
import { recordReceipts } from './receipts.ts';
import { recordSm2 } from './sm2.ts';
import { recordStatusList } from './status-lists.ts';
import { recordCosignature, recordWitnessed } from './witnesses.ts';

/** Every file of this kind of vectors, by name, and how it is recorded. */
export const RECORDINGS: Readonly<Record<string, () => Promise<object>>> = {
  'log-sha256': () => recordLog('ES256'),
  'log-sm3': () => recordLog('SM2-SM3'),
  'signature-sm2-sm3': recordSm2,
  'check-es256': () => recordCheck('ES256', 'asker'),
  'check-ed25519': () => recordCheck('Ed25519', 'answerer'),
  'check-sm2-sm3': () => recordCheck('SM2-SM3', 'asker'),
  'cosignature-ed25519': () => recordCosignature('Ed25519'),
  'cosignature-sm2-sm3': () => recordCosignature('SM2-SM3'),
  'witnessed-es256': () => recordWitnessed('ES256'),
  'witnessed-sm2-sm3': () => recordWitnessed('SM2-SM3'),
  ...Object.fromEntries(
    SUITE_NAMES.flatMap((suite) => {
      const name = suite.toLowerCase();
      return [
        [`envelope-${name}`, () => recordEnvelopes(suite)],
        [`receipt-${name}`, () => recordReceipts(suite)],
        [`checkpoint-${name}`, () => recordCheckpoint(suite)],
        [`bundle-${name}`, () => recordBundle(suite)],
        [`archive-${name}`, () => recordVolume(suite)],
        [`certificate-${name}`, () => recordCertificate(suite)],
        [`certificate-nested-${name}`, () => recordNestedCertificate(suite)],
        [`paper-${name}`, () => recordPaper(suite)],
        [`status-list-${name}`, () => recordStatusList(suite)],
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
