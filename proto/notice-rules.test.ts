import { describe, expect, it } from 'vitest';
import { decode, encode } from './codec.ts';
import { checkPayload } from './payload-rules.ts';
import { payloadSamples, SAMPLE_TIME } from './testing/payload-samples.ts';

const REFERENCE = 'MZXW6YTBOJTG633CMFZGM33PMI';

/** What a receiver would find in a notice: the sample, changed, after a journey through the codec. */
function faultsOf(change: object): string[] {
  const payload = decode(
    'CertificateNotice',
    encode('CertificateNotice', { ...payloadSamples.CertificateNotice, ...change }),
  );
  return checkPayload('CertificateNotice', payload).map(({ pointer, code }) => `${pointer} ${code}`);
}

describe('a notice about a certificate', () => {
  it('names it by its identifier, its reference, or both', () => {
    expect(faultsOf({})).toEqual([]);
    expect(faultsOf({ reference: REFERENCE })).toEqual([]);
    expect(faultsOf({ identifier: '', reference: REFERENCE })).toEqual([]);
    expect(faultsOf({ identifier: '' })).toEqual(['/identifier REQUIRED']);
  });

  it('has every wrong field named', () => {
    const wrong = {
      identifier: 'x',
      reference: 'y',
      digest: Buffer.alloc(31),
      reason: '',
      decidedAt: 1,
      authority: '',
    };
    expect(faultsOf(wrong)).toEqual([
      '/identifier IDENTIFIER',
      '/reference IDENTIFIER',
      '/digest LENGTH',
      '/reason REQUIRED',
      '/decidedAt RANGE',
      '/authority REQUIRED',
    ]);
  });

  it.each(['VALID', 'SUSPENDED', 'CANCELLED', 'WITHDRAWN'])('about false materials is no word of %s', (word) => {
    expect(faultsOf({ status: `CERTIFICATE_STATUS_${word}` })).toEqual(['/ground CONFLICT']);
    expect(faultsOf({ status: `CERTIFICATE_STATUS_${word}`, ground: 'CERTIFICATE_GROUND_OTHER' })).toEqual([]);
  });

  it('may have a ground that is newer than we are, and no such status', () => {
    expect(faultsOf({ ground: 99 })).toEqual([]);
    expect(faultsOf({ status: 99 })).toEqual(['/status NOT_IN_LIST']);
    expect(faultsOf({ ground: 0 })).toEqual(['/ground NOT_IN_LIST']);
    for (const word of ['UNSPECIFIED', 'EXPIRED', 'UNKNOWN'])
      expect(faultsOf({ status: `CERTIFICATE_STATUS_${word}`, ground: 'CERTIFICATE_GROUND_OTHER' })).toEqual([
        '/status NOT_IN_LIST',
      ]);
  });

  it('says when it was decided', () => {
    expect(faultsOf({ decidedAt: SAMPLE_TIME })).toEqual([]);
    expect(faultsOf({ decidedAt: 0 })).toEqual(['/decidedAt RANGE']);
  });
});
