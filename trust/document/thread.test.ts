import { expect, it } from 'vitest';
import { examineDocument, readTrustList } from './document.ts';
import { TEST_NOW } from './testing/certificates.ts';
import { packOfd, sealedOfd, sealingCast } from './testing/ofd.ts';
import { testRevocationList } from './testing/revocation-lists.ts';
import { examineInThread } from './thread.ts';

const { authority, ...cast } = sealingCast();
const bytes = packOfd(sealedOfd(cast));

it('says what is said without a thread', async () => {
  const report = await examineInThread({ bytes, trust: authority.pem, now: TEST_NOW }, 20_000);
  expect(report).toEqual(examineDocument(bytes, readTrustList(authority.pem), TEST_NOW));
  expect(report.verdict).toBe('sealed');
});

it('leaves the bytes of the caller alone', async () => {
  const before = Buffer.from(bytes);
  const { verdict } = await examineInThread({ bytes, trust: '', now: TEST_NOW }, 20_000);
  expect(verdict).toBe('untrusted');
  expect(bytes).toEqual(before);
});

it('is given up after its time', async () => {
  await expect(examineInThread({ bytes, trust: '', now: TEST_NOW }, 0)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  });
});

it('is given up when it is stopped', async () => {
  const stop = new AbortController();
  const examined = examineInThread({ bytes, trust: '', now: TEST_NOW }, 20_000, stop.signal);
  stop.abort();
  await expect(examined).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  await expect(examineInThread({ bytes, trust: '', now: TEST_NOW }, 20_000, stop.signal)).rejects.toMatchObject({
    code: 'SHUTTING_DOWN',
  });
});

it('asks lists of revoked certificates in memory that is shared', async () => {
  const list = testRevocationList(authority);
  const shared = Buffer.from(new SharedArrayBuffer(list.length));
  list.copy(shared);
  const task = { bytes, trust: authority.pem, revocationLists: [shared], now: TEST_NOW };
  const { verdict, findings, seals } = await examineInThread(task, 20_000);
  expect({ verdict, findings }).toEqual({ verdict: 'sealed', findings: [] });
  expect(seals[0]).toMatchObject({ signer: { revocation: 'good' }, seal: { maker: { revocation: 'good' } } });
});
