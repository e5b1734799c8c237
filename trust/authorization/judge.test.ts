import { describe, expect, it } from 'vitest';
import { type ErrorCode, PAYLOAD_NAMES, type PayloadName } from '#proto';
import { AuthorizationError } from '../errors.ts';
import { exampleAgreement } from './example-agreement.ts';
import { type AuthorizedUse, compileAgreement, judgeUse } from './judge.ts';
import { needsAuthorization, POLICY } from './policy.ts';
import { RIGHTS, type Right } from './rights.ts';

const NANTONG = '320600';
const UXIN = '150626';
const AT = Date.parse('2027-03-01T10:00:00+08:00');

const agreement = compileAgreement(exampleAgreement());

/** A message of a case that Nantong took in and Uxin handles, sent by Nantong. */
function use(name: PayloadName, changes: Partial<AuthorizedUse> = {}): AuthorizedUse {
  const place = { item: 'EX018', mode: 'agency', receiving: NANTONG, handling: UXIN } as const;
  return { name, payload: {}, sender: NANTONG, at: AT, ...place, ...changes };
}

function denied(asked: AuthorizedUse, code: ErrorCode, judge = agreement): AuthorizationError {
  try {
    judge.judge(asked);
  } catch (error) {
    expect(error).toBeInstanceOf(AuthorizationError);
    expect((error as AuthorizationError).code).toBe(code);
    return error as AuthorizationError;
  }
  throw new Error('it was permitted');
}

/** The agreement with just these rights for EX018. */
function granting(...rights: Right[]) {
  const content = exampleAgreement();
  return compileAgreement({ ...content, grants: [{ ...content.grants[0]!, rights }] });
}

describe('the policy', () => {
  it('has every type of message and no other', () => {
    expect(Object.keys(POLICY).sort()).toEqual([...PAYLOAD_NAMES].sort());
  });

  it('asks nothing but a pinned peer of these types only', () => {
    expect(PAYLOAD_NAMES.filter((name) => !needsAuthorization(name)).sort()).toEqual([
      'AuthorizationAcceptance',
      'AuthorizationProposal',
      'AuthorizationRevocation',
      'CataloguePublished',
      'Ping',
      'Skip',
      'StatementPublished',
    ]);
  });
});

/** Who may send what: right needed from the receiving side ('-' never), and whether the handling side may. */
const SENDERS: [PayloadName, Right | '-', boolean][] = [
  ['CaseTransfer', 'R1a', false],
  ['SupplementSubmitted', 'R1a', false],
  ['WithdrawalRequested', 'R1a', false],
  ['CaseRated', 'R1a', false],
  ['ResultDelivered', 'R5', true],
  ['CaseAccepted', 'R1b', true],
  ['CaseRefused', 'R1b', true],
  ['SupplementRequested', 'R1b', true],
  ['CaseReturned', '-', true],
  ['SpecialProcedureStarted', '-', true],
  ['SpecialProcedureEnded', '-', true],
  ['CaseDecided', '-', true],
  ['ResultIssued', '-', true],
];

describe.each(SENDERS)('%s', (name, right, fromHandling) => {
  it('is sent by the receiving region with the right only', () => {
    if (right !== '-') expect(() => granting(right).judge(use(name))).not.toThrow();
    denied(use(name), 'RIGHT_MISSING', granting(...RIGHTS.filter((other) => other !== right)));
  });

  it(`is ${fromHandling ? '' : 'not '}sent by the handling region`, () => {
    const asked = use(name, { sender: UXIN });
    if (fromHandling) expect(() => granting('R2').judge(asked)).not.toThrow();
    else denied(asked, 'RIGHT_MISSING', granting(...RIGHTS));
  });

  it('is not sent by a third region', () => {
    denied(use(name, { sender: '350500' }), 'RIGHT_MISSING', granting(...RIGHTS));
  });

  it('needs the item, the mode and the direction', () => {
    const sender = fromHandling ? UXIN : NANTONG;
    denied(use(name, { sender, item: 'EX099' }), 'ITEM_NOT_COVERED');
    denied(use(name, { sender, mode: 'joint' }), 'MODE_NOT_COVERED');
    denied(use(name, { sender, mode: undefined }), 'MODE_NOT_COVERED');
    denied(use(name, { sender, receiving: UXIN, handling: NANTONG }), 'ITEM_NOT_COVERED');
    denied(use(name, { sender, handling: '350500' }), 'ITEM_NOT_COVERED');
  });

  it('needs the validity, whose end is excluded', () => {
    const asked = use(name, { sender: fromHandling ? UXIN : NANTONG });
    const { valid_from, valid_until } = agreement.content;
    denied({ ...asked, at: Date.parse(valid_from) - 1 }, 'AUTHORIZATION_INACTIVE');
    denied({ ...asked, at: Date.parse(valid_until) }, 'AUTHORIZATION_INACTIVE');
    expect(() => agreement.judge({ ...asked, at: Date.parse(valid_from) })).not.toThrow();
    expect(() => agreement.judge({ ...asked, at: Date.parse(valid_until) - 1 })).not.toThrow();
  });
});

describe('rights that the content claims', () => {
  const checkedBy = { organisation: '南通市政务服务中心', window: '3', staff: 'W-17' };

  it.each(['CaseTransfer', 'SupplementSubmitted'] as const)('%s with a checked original needs R3', (name) => {
    const payload = {
      materials: [
        { grade: 'C', checkedBy: null },
        { grade: 'B', checkedBy },
      ],
    };
    expect(() => granting('R1a', 'R3').judge(use(name, { payload }))).not.toThrow();
    expect(denied(use(name, { payload }), 'RIGHT_MISSING', granting('R1a', 'R4')).message).toContain('R3');
    const graded = { materials: [{ grade: 'A', checkedBy }] };
    denied(use(name, { payload: graded }), 'RIGHT_MISSING', granting('R1a'));
    const unchecked = { materials: [{ grade: 'C', checkedBy: null }] };
    expect(() => granting('R1a').judge(use(name, { payload: unchecked }))).not.toThrow();
  });

  it('a comparison of person and document needs R4', () => {
    const payload = { identityCheck: { matched: true, checkedAt: AT, device: 'D-1' } };
    expect(() => granting('R1a', 'R4').judge(use('CaseTransfer', { payload }))).not.toThrow();
    expect(denied(use('CaseTransfer', { payload }), 'RIGHT_MISSING', granting('R1a', 'R3')).message).toContain('R4');
    expect(() => granting('R1a').judge(use('CaseTransfer', { payload: { identityCheck: null } }))).not.toThrow();
  });

  it('may come from several grants of the same item and mode, not of another mode', () => {
    const content = exampleAgreement();
    const [first] = content.grants;
    const apart = (modes: ('agency' | 'online')[]) =>
      compileAgreement({
        ...content,
        grants: [
          { ...first!, rights: ['R1a'] },
          { ...first!, rights: ['R4'], modes },
        ],
      });
    const asked = use('CaseTransfer', { payload: { identityCheck: { matched: true } } });
    expect(() => apart(['agency']).judge(asked)).not.toThrow();
    denied(asked, 'RIGHT_MISSING', apart(['online']));
  });
});

describe('personal fields', () => {
  const applicant = {
    kind: 'person',
    name: '测试·样例',
    documentType: 'citizen-number',
    documentNumber: '11010519491231002X',
    mobile: '',
    address: '',
  };

  it('may be those on the allow-list', () => {
    const payload = { applicant, form: { 经营项目: '预包装食品', 备注: '' } };
    expect(() => agreement.judge(use('CaseTransfer', { payload }))).not.toThrow();
  });

  it('are named all at once when they are not, and never shown', () => {
    const payload = { applicant: { ...applicant, address: '某路1号' }, form: { 经营项目: '食品', 备注: '秘密' } };
    const error = denied(use('CaseTransfer', { payload }), 'FIELD_NOT_ALLOWED');
    expect(error.problems.map(({ pointer }) => pointer)).toEqual(['/applicant/address', '/form/备注']);
    expect(JSON.stringify([error.message, error.problems])).not.toMatch(/秘密|某路/);
  });

  it('may all be allowed by a star, group by group', () => {
    const starred = compileAgreement(exampleAgreement({ fields: ['form.*'] }));
    expect(() => starred.judge(use('CaseTransfer', { payload: { form: { 任何: 'x' } } }))).not.toThrow();
    const error = denied(use('CaseTransfer', { payload: { applicant } }), 'FIELD_NOT_ALLOWED', starred);
    expect(error.problems.map(({ pointer }) => pointer)).toEqual(['/applicant/name', '/applicant/documentNumber']);
    expect(starred.allowsField('certificate.holder_name')).toBe(false);
    expect(agreement.allowsField('certificate.holder_name')).toBe(true);
    expect(agreement.allowsField('formal.x')).toBe(false);
  });

  it('of a certificate answer are judged too', () => {
    const answer = use('CertificateAnswer', { sender: UXIN, payload: { fields: { holder_name: '测试' } } });
    expect(() => agreement.judge(answer)).not.toThrow();
    const narrow = compileAgreement(exampleAgreement({ fields: ['certificate.number'] }));
    expect(denied(answer, 'FIELD_NOT_ALLOWED', narrow).problems[0]?.pointer).toBe('/fields/holder_name');
  });
});

describe('questions about certificates', () => {
  it('are covered by any grant of the item, in either direction and any mode', () => {
    const ask = use('CertificateQuestion', { mode: undefined });
    expect(() => agreement.judge(ask)).not.toThrow();
    expect(() => agreement.judge({ ...ask, item: 'EX030' })).not.toThrow();
    denied({ ...ask, item: 'EX099' }, 'ITEM_NOT_COVERED');
    denied({ ...ask, handling: '350500' }, 'ITEM_NOT_COVERED');
    denied({ ...ask, at: 0 }, 'AUTHORIZATION_INACTIVE');
  });

  it('are asked by one side and answered by the other', () => {
    denied(use('CertificateQuestion', { sender: UXIN }), 'RIGHT_MISSING');
    denied(use('CertificateAnswer', { sender: NANTONG }), 'RIGHT_MISSING');
    expect(() => agreement.judge(use('CertificateAnswer', { sender: UXIN }))).not.toThrow();
  });
});

describe('messages without an authorization', () => {
  it.each(PAYLOAD_NAMES.filter((name) => !needsAuthorization(name)))('%s is no matter of the agreement', (name) => {
    expect(() => judgeUse(exampleAgreement(), use(name, { sender: '350500', item: '', at: 0 }))).not.toThrow();
  });
});
