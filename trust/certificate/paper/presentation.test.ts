import { beforeAll, describe, expect, it } from 'vitest';
import { type ThrowawayRegion, throwawayRegion } from '../../testing/index.ts';
import { issueCertificate, presentCertificate, verifyCertificate } from '../certificate.ts';
import { exampleContent, ISSUED_AT, nestedContent } from '../testing/example-content.ts';
import { builtInCertificateTypes as types } from '../types/types.ts';
import { readPaperCertificate } from './paper.ts';
import { paperPresentation } from './presentation.ts';

const MAX = 2520;
let region: ThrowawayRegion;
let text: string;

beforeAll(async () => {
  region = await throwawayRegion('150626', { now: ISSUED_AT });
  text = await issueCertificate(region.certificate, exampleContent(), ISSUED_AT);
});

describe('what of a certificate goes on paper', () => {
  it('is the holder and all fields, and not the number of the case', () => {
    const { qr, left } = paperPresentation(text, { types, maxLength: MAX })!;
    const { disclosed, certificate } = shown(qr);
    expect(left).toEqual([]);
    expect(disclosed.toSorted()).toEqual(
      ['certificate_holder_name', 'certificate_holder_code', ...Object.keys(exampleContent().fields)]
        .filter((name) => name !== 'complaint_line')
        .toSorted(),
    );
    expect(certificate).not.toHaveProperty('caseNumber');
  });

  it('is what fits, in the order of the face, each whole', async () => {
    const { fields } = exampleContent();
    const residence = Array.from({ length: 500 }, (_, index) => String.fromCodePoint(0x4e00 + 13 * index)).join('');
    const content = exampleContent({ fields: { ...fields, residence } });
    const long = await issueCertificate(region.certificate, content, ISSUED_AT);
    const { qr, left } = paperPresentation(long, { types, maxLength: MAX })!;
    expect(qr.length).toBeLessThanOrEqual(MAX);
    expect(left).toEqual(['residence']);
    expect(shown(qr).certificate.fields).toEqual(fieldsWithout(fields, 'residence'));
    const short = paperPresentation(long, { types, maxLength: 1300 })!;
    expect(short.qr.length).toBeLessThanOrEqual(1300);
    expect(short.left).toContain('residence');
    expect(shown(short.qr).certificate.holder).toHaveProperty('name');
  });

  it('is a list with every entry, or not', async () => {
    const nested = await issueCertificate(region.certificate, nestedContent(), ISSUED_AT);
    const all = paperPresentation(nested, { types, maxLength: MAX })!;
    expect(all.left).toEqual([]);
    const { certificate } = shown(all.qr);
    expect(certificate.fields).toEqual(nestedContent().fields);
    expect(certificate.otherHolders).toHaveLength(1);
    const fewer = paperPresentation(nested, { types, maxLength: all.qr.length - 1 })!;
    expect(fewer.left).toEqual(['records']);
    expect(shown(fewer.qr).certificate.fields).not.toHaveProperty('records');
  });

  it('is never more than the text shows', () => {
    const presented = presentCertificate(text, ['business_form']);
    const { qr, left } = paperPresentation(presented, { types: new Map(), maxLength: MAX })!;
    expect([shown(qr).disclosed, left]).toEqual([['business_form'], []]);
  });

  it('is nothing when what must stand open does not fit', () => {
    expect(paperPresentation(text, { types, maxLength: 900 })).toBeUndefined();
  });
});

function shown(qr: string) {
  return verifyCertificate(readPaperCertificate(qr), { statementOf: () => region.statement, now: ISSUED_AT });
}

function fieldsWithout(fields: object, name: string): object {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
}
