import { beforeAll, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { type ThrowawayRegion, throwawayRegion } from '../../testing/index.ts';
import { issueCertificate, presentCertificate, verifyCertificate } from '../certificate.ts';
import { exampleContent, ISSUED_AT } from '../testing/example-content.ts';

const URI = 'https://150626.example/status-lists/1';

let uxin: ThrowawayRegion;
beforeAll(async () => {
  uxin = await throwawayRegion('150626', { now: ISSUED_AT });
});

const issue = (statusList: unknown) =>
  issueCertificate(uxin.certificate, exampleContent({ statusList: statusList as never }), ISSUED_AT);
const verify = (text: string) => verifyCertificate(text, { statementOf: () => uxin.statement, now: ISSUED_AT });

it('stands open in the certificate, whatever the holder keeps back', async () => {
  const text = await issue({ idx: 1_048_575, uri: URI });
  expect(verify(text).certificate.statusList).toEqual({ idx: 1_048_575, uri: URI });
  expect(verify(presentCertificate(text, [])).certificate.statusList).toEqual({ idx: 1_048_575, uri: URI });
  const payload = JSON.parse(Buffer.from(text.split('.')[1]!, 'base64url').toString());
  expect(payload.status).toEqual({ status_list: { idx: 1_048_575, uri: URI } });
});

it('may be absent', async () => {
  const text = await issue(undefined);
  expect(verify(text).certificate).not.toHaveProperty('statusList');
});

it.each([
  ['no entry', { uri: URI }, '/statusList/idx'],
  ['an entry below 0', { idx: -1, uri: URI }, '/statusList/idx'],
  ['an entry that is no whole number', { idx: 0.5, uri: URI }, '/statusList/idx'],
  ['no address', { idx: 0 }, '/statusList/uri'],
  ['an address of a file', { idx: 0, uri: 'file:///etc/passwd' }, '/statusList/uri'],
  ['an address with a user', { idx: 0, uri: 'https://a:b@150626.example/1' }, '/statusList/uri'],
  ['an address with a fragment', { idx: 0, uri: `${URI}#1` }, '/statusList/uri'],
  ['an address written in another way', { idx: 0, uri: 'https://150626.example/a/../1' }, '/statusList/uri'],
  ['an endless address', { idx: 0, uri: `https://150626.example/${'a'.repeat(2000)}` }, '/statusList/uri'],
  ['something else', { idx: 0, uri: URI, also: 1 }, '/statusList/also'],
])('is not issued with %s', async (_what, statusList, pointer) => {
  const error = await issue(statusList).catch((reason: unknown) => reason);
  if (!(error instanceof CodedError)) throw error;
  expect(error.problems.map((problem) => problem.pointer)).toEqual([pointer]);
});
