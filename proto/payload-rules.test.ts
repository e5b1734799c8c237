import { describe, expect, it } from 'vitest';
import { decode, encode, type MessageInput, typeName } from './codec.ts';
import { checkPayload, PAYLOAD_NAMES, type PayloadName, payloadName } from './payload-rules.ts';
import { payloadSamples, SAMPLE_TIME } from './testing/payload-samples.ts';

/** What a receiver would find in a payload: the sample, changed, after a journey through the codec. */
function faultsOf<N extends PayloadName>(name: N, change: object): string[] {
  const payload = decode(name, encode(name, { ...payloadSamples[name], ...change } as MessageInput<N>));
  return checkPayload(name, payload).map(({ pointer, code }) => `${pointer} ${code}`);
}

const { applicant, materials } = payloadSamples.CaseTransfer;
const material = materials[0];

describe('the closed list of payloads', () => {
  it('has a good sample of every type', () => {
    expect(Object.keys(payloadSamples).sort()).toEqual([...PAYLOAD_NAMES].sort());
  });

  it.each(PAYLOAD_NAMES)('finds %s by its full name and takes the good sample', (name) => {
    expect(payloadName(typeName(name))).toBe(name);
    expect(faultsOf(name, {})).toEqual([]);
  });

  it.each([
    'tongban.v1.EnvelopeHeader',
    'tongban.v1.Envelope',
    'tongban.v2.Ping',
    'Ping',
    'tongban.v1.',
    'tongban.v1.toString',
    '',
  ])('has no %j', (type) => {
    expect(payloadName(type)).toBeUndefined();
  });

  it.each(PAYLOAD_NAMES.filter((name) => name !== 'Ping'))('refuses an empty %s', (name) => {
    expect(checkPayload(name, decode(name, Buffer.alloc(0)))).not.toEqual([]);
  });
});

describe('a payload with wrong fields', () => {
  it('has all of them named at once, with their places', () => {
    expect(
      faultsOf('CaseTransfer', {
        item: '',
        itemDigest: Buffer.alloc(31),
        mode: 'by-horse',
        applicant: { ...applicant, name: '', mobile: '12345' },
        form: { 'a/b': 'x', 备注: 'line\u0000' },
        materials: [material, { ...material, digest: Buffer.alloc(0), size: 0, grade: 'E' }],
        receivedAt: 5,
        handler: null,
      }),
    ).toEqual([
      '/item REQUIRED',
      '/itemDigest LENGTH',
      '/mode NOT_IN_LIST',
      '/applicant/name REQUIRED',
      '/applicant/mobile IDENTIFIER',
      '/form/a~1b FORMAT',
      '/form/备注 CHARACTERS',
      '/materials/1/digest LENGTH',
      '/materials/1/size RANGE',
      '/materials/1/grade NOT_IN_LIST',
      '/receivedAt RANGE',
      '/handler REQUIRED',
    ]);
  });

  it('never has a value repeated in the answer', () => {
    const number = '11010519491231002Y';
    const payload = {
      ...payloadSamples.CaseTransfer,
      applicant: { ...applicant, documentNumber: number, name: 'x\u0001' },
    };
    const problems = checkPayload('CaseTransfer', payload);
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain(number);
  });

  it.each<[PayloadName, object, string[]]>([
    ['Ping', { note: 'x'.repeat(201) }, ['/note TOO_LONG']],
    ['Skip', { expiredEnvelopeId: 'NOT-A-UUID' }, ['/expiredEnvelopeId REQUIRED']],
    ['Skip', { expiredEnvelopeId: '01920000-0000-7000-8000-00000000000G' }, ['/expiredEnvelopeId FORMAT']],
    ['StatementPublished', { statement: '' }, ['/statement REQUIRED']],
    [
      'AuthorizationRevocation',
      { authorizationDigest: Buffer.alloc(0), revokedAt: 0 },
      ['/authorizationDigest LENGTH', '/revokedAt RANGE'],
    ],
    [
      'CataloguePublished',
      { version: 0, items: [{}] },
      [
        '/version RANGE',
        '/items/0/code REQUIRED',
        '/items/0/name REQUIRED',
        '/items/0/department REQUIRED',
        '/items/0/applicant NOT_IN_LIST',
        '/items/0/modes REQUIRED',
        '/items/0/result REQUIRED',
      ],
    ],
    ['CertificateQuestion', { identifier: '1.2.3', purpose: '' }, ['/identifier IDENTIFIER', '/purpose REQUIRED']],
    ['CertificateAnswer', { status: 'CERTIFICATE_STATUS_UNSPECIFIED' }, ['/status NOT_IN_LIST']],
    ['CaseAccepted', { promisedWorkingDays: 1001 }, ['/promisedWorkingDays RANGE']],
    [
      'CaseAccepted',
      { commitment: { materials: [], text: '', signedAt: 0, document: Buffer.alloc(3), creditWaived: '' } },
      [
        '/commitment/materials REQUIRED',
        '/commitment/text REQUIRED',
        '/commitment/signedAt RANGE',
        '/commitment/document LENGTH',
      ],
    ],
    ['CaseRefused', { reason: '', legalBasis: '' }, ['/reason REQUIRED', '/legalBasis REQUIRED']],
    ['SupplementRequested', { items: [], deadline: 1 }, ['/items REQUIRED', '/deadline RANGE']],
    ['SupplementSubmitted', { materials: [] }, ['/materials REQUIRED']],
    ['SpecialProcedureStarted', { kind: 'coffee' }, ['/kind NOT_IN_LIST']],
    ['CaseDecided', { decision: 'maybe' }, ['/decision NOT_IN_LIST']],
    ['ResultIssued', { certificateIdentifier: '' }, ['/certificateIdentifier REQUIRED']],
    ['ResultRevoked', { ground: 'mood', reason: '' }, ['/ground NOT_IN_LIST', '/reason REQUIRED']],
    ['ResultDelivered', { way: 'pigeon' }, ['/way NOT_IN_LIST']],
    ['CaseRated', { score: 6 }, ['/score RANGE']],
    [
      'WithdrawalRequested',
      { handler: { organisation: '', window: '', staff: '' } },
      ['/handler/organisation REQUIRED', '/handler/staff REQUIRED'],
    ],
  ])('%s is refused: %o', (name, change, faults) => {
    expect(faultsOf(name, change)).toEqual(faults);
  });

  it('may be a material of grade B only if it says who compared it with the original, and when (原件核验)', () => {
    const graded = (change: object) => faultsOf('SupplementSubmitted', { materials: [{ ...material, ...change }] });
    expect(graded({ checkedBy: null, checkedAt: 0 })).toEqual([
      '/materials/0/checkedBy REQUIRED',
      '/materials/0/checkedAt REQUIRED',
    ]);
    expect(graded({ grade: 'C', checkedBy: null, checkedAt: 0 })).toEqual([]);
  });

  it('has the number of the applicant checked by the type of the document', () => {
    const identified = (documentType: string, documentNumber: string) =>
      faultsOf('CaseTransfer', { applicant: { ...applicant, kind: 'person', documentType, documentNumber } });
    expect(identified('citizen-number', '11010519491231002X')).toEqual([]);
    expect(identified('citizen-number', '110105194912310021')).toEqual(['/applicant/documentNumber IDENTIFIER']);
    expect(identified('passport', 'E12345678')).toEqual([]);
    expect(identified('library-card', 'E12345678')).toEqual(['/applicant/documentType NOT_IN_LIST']);
  });

  it('is refused for a field that the message does not have, and for broken UTF-8', () => {
    const extra = { ...payloadSamples.CaseRated, stars: 5 };
    expect(checkPayload('CaseRated', extra).map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
      '/stars UNKNOWN_FIELD',
    ]);
    expect(() => decode('Ping', Uint8Array.of(0x0a, 0x02, 0xc3, 0x28))).toThrow(
      expect.objectContaining({ code: 'MALFORMED' }),
    );
    const lone = { ...payloadSamples.Ping, note: '\ud800' };
    expect(checkPayload('Ping', lone)).toMatchObject([{ pointer: '/note', code: 'CHARACTERS' }]);
  });

  it('is refused when a number is larger than can be counted exactly', () => {
    const payload = { ...payloadSamples.CaseTransfer, receivedAt: SAMPLE_TIME * 1e9 };
    expect(checkPayload('CaseTransfer', payload)).toMatchObject([{ pointer: '/receivedAt', code: 'TYPE' }]);
  });
});
