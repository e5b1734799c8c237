import { expect, it } from 'vitest';
import { DOCUMENT_VERDICTS, examineDocument, NOBODY, readTrustList } from '#trust';
import {
  PAGE,
  packOfd,
  plainOfd,
  plainPdf,
  sealedOfd,
  sealingCast,
  signPdf,
  TEST_NOW,
  testSigner,
} from '../../trust/testing/index.ts';
import { documentVerdict } from './document-verdict.ts';

const { authority, ...cast } = sealingCast();
const sealed = sealedOfd(cast);
const trusting = readTrustList(authority.pem);

function said(bytes: Buffer, trust = trusting) {
  return documentVerdict(examineDocument(bytes, trust, TEST_NOW), TEST_NOW);
}

it('shows a trusted seal as good, with who sealed', () => {
  const verdict = said(packOfd(sealed));
  expect(verdict).toMatchObject({ kind: 'document', tone: 'good', masked: false, checkedAt: TEST_NOW });
  expect(verdict.proofs.map(({ name, result }) => `${name} ${result}`)).toEqual([
    'file proven',
    'seal proven',
    'status open',
  ]);
  expect(verdict.rows.map(({ zh }) => zh)).toEqual(expect.arrayContaining(['格式', '印章', '签章人', '签章时间']));
});

it('shows the seal of somebody unknown as not proved', () => {
  const verdict = said(packOfd(sealed), NOBODY);
  expect(verdict.tone).toBe('caution');
  expect(verdict.proofs[0]).toMatchObject({ name: 'file', result: 'proven' });
  expect(verdict.proofs[1]).toMatchObject({ name: 'seal', result: 'open' });
  expect(verdict.findings.map(({ code }) => code)).toContain('trust-list-empty');
});

it('shows what was altered as bad, and where', () => {
  const verdict = said(packOfd(new Map(sealed).set(PAGE, Buffer.from('<ofd:Page/>'))));
  expect(verdict.tone).toBe('bad');
  expect(verdict.proofs[0]).toMatchObject({ name: 'file', result: 'failed' });
  expect(verdict.findings).toContainEqual(expect.objectContaining({ code: 'file-changed', weight: 'altered' }));
});

it('shows a file without a seal as not proved', () => {
  for (const bytes of [packOfd(plainOfd()), plainPdf()])
    expect(said(bytes)).toMatchObject({ tone: 'caution', conclusion: { zh: DOCUMENT_VERDICTS.unsealed.zh } });
});

it('shows a sealed PDF like an OFD', () => {
  const office = testSigner('测试公证处', { kind: 'rsa' });
  const verdict = said(signPdf(plainPdf(), office), readTrustList(office.pem));
  expect(verdict).toMatchObject({ tone: 'good' });
  expect(verdict.proofs[1]!.zh).toContain('测试公证处');
});

it('has Chinese sentences as they are printed', () => {
  const { conclusion, proofs, findings } = said(packOfd(sealed), NOBODY);
  for (const { zh } of [conclusion, ...proofs, ...findings]) expect(zh).not.toMatch(/\p{Script=Han},/u);
});
