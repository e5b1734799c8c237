import { describe, expect, it } from 'vitest';
import { type ErrorCode, PAYLOAD_NAMES, type PayloadName } from '#proto';
import { AuthorizationError } from '../errors.ts';
import { catalogueLists, listDigest } from './catalogue-list.ts';
import { exampleAgreement } from './example-agreement.ts';
import { type AuthorizedUse, compileAgreement } from './judge.ts';
import { needsAuthorization } from './policy.ts';
import type { Right } from './rights.ts';

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

describe('the validity written in an agreement', () => {
  const { valid_from, valid_until } = agreement.content;
  const [from, until] = [Date.parse(valid_from), Date.parse(valid_until)];

  it('bounds what opens a case or asks about a certificate; its end is excluded', () => {
    for (const asked of [use('CaseTransfer'), use('CertificateQuestion', { mode: undefined })]) {
      denied({ ...asked, at: from - 1 }, 'AUTHORIZATION_INACTIVE');
      denied({ ...asked, at: until }, 'AUTHORIZATION_INACTIVE');
      expect(() => agreement.judge({ ...asked, at: from })).not.toThrow();
      expect(() => agreement.judge({ ...asked, at: until - 1 })).not.toThrow();
    }
  });

  it('does not stop what goes on in an open case', () => {
    expect(() => agreement.judge(use('CaseDecided', { sender: UXIN, at: until + 1 }))).not.toThrow();
    expect(() => agreement.judge(use('SupplementSubmitted', { at: until + 1 }))).not.toThrow();
  });
});

describe('rights that the content claims', () => {
  const checkedBy = { organisation: '南通市政务服务中心', window: '3', staff: 'W-17' };

  it.each(['CaseTransfer', 'SupplementSubmitted'] as const)('R3: a %s with a checked original needs it', (name) => {
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

  it('R4: a comparison of person and document needs it', () => {
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

describe('a grant to one window', () => {
  const window = { name: '南通市政务服务中心', code: '113206000141602830' };
  const content = exampleAgreement();
  const [first] = content.grants;
  const narrow = compileAgreement({ ...content, grants: [{ ...first!, window }] });
  const from = (organisation: string) => ({ handler: { organisation, window: '1', staff: 'W-17' } });

  it('serves only messages that come from it', () => {
    expect(() => narrow.judge(use('CaseTransfer', { payload: from(window.name) }))).not.toThrow();
    const error = denied(use('CaseTransfer', { payload: from('其他单位') }), 'RIGHT_MISSING', narrow);
    expect(error.message).toContain(window.name);
  });

  it('stops neither the handling region nor messages that name no handler', () => {
    expect(() => narrow.judge(use('CaseDecided', { sender: UXIN, payload: from('乌审旗') }))).not.toThrow();
    expect(() => narrow.judge(use('CaseRated'))).not.toThrow();
  });

  it('adds up with other grants only where both serve', () => {
    const both = compileAgreement({
      ...content,
      grants: [
        { ...first!, rights: ['R1a'] },
        { ...first!, rights: ['R4'], window },
      ],
    });
    const compared = { identityCheck: { matched: true }, ...from('其他单位') };
    expect(() => both.judge(use('CaseTransfer', { payload: { ...compared, ...from(window.name) } }))).not.toThrow();
    denied(use('CaseTransfer', { payload: compared }), 'RIGHT_MISSING', both);
  });
});

describe('a grade that materials must have', () => {
  const content = exampleAgreement();
  const asking = (...grades: ('A' | 'B' | 'C' | 'D' | undefined)[]) =>
    compileAgreement({
      ...content,
      grants: grades.map((grade) => ({ ...content.grants[0]!, ...(grade && { grade }) })),
    });
  const materials = (...grades: string[]) => ({ materials: grades.map((grade) => ({ grade, checkedBy: null })) });

  it('is asked of every material, and each one below it is named', () => {
    const payload = materials('A', 'C', 'B', 'D');
    const error = denied(use('CaseTransfer', { payload }), 'MATERIAL_GRADE', asking('B'));
    expect(error.problems.map(({ pointer }) => pointer)).toEqual(['/materials/1/grade', '/materials/3/grade']);
    expect(() => asking('D').judge(use('CaseTransfer', { payload }))).not.toThrow();
    expect(() => asking('B').judge(use('SupplementSubmitted', { payload: materials('A', 'B') }))).not.toThrow();
  });

  it('is the lowest of several grants, and none when one of them asks for none', () => {
    const payload = materials('C');
    denied(use('CaseTransfer', { payload }), 'MATERIAL_GRADE', asking('A', 'B'));
    expect(() => asking('A', 'C').judge(use('CaseTransfer', { payload }))).not.toThrow();
    expect(() => asking('A', undefined).judge(use('CaseTransfer', { payload }))).not.toThrow();
  });
});

describe('a catalogue instead of a list of items', () => {
  const lists = catalogueLists([['EX100', 'EX101']]);
  const [digest] = [...lists.keys()];
  const content = exampleAgreement();
  const catalogue = { scope: '跨省通办', digest: digest! };
  const granted = { ...content, grants: [{ ...content.grants[0]!, items: ['EX018'], catalogue }] };

  it('covers the items behind its digest beside those listed, and nothing that came later', () => {
    const compiled = compileAgreement(granted, lists);
    for (const item of ['EX018', 'EX100', 'EX101']) {
      expect(() => compiled.judge(use('CaseTransfer', { item }))).not.toThrow();
      expect(compiled.covers(item)).toBe(true);
    }
    denied(use('CaseTransfer', { item: 'EX102' }), 'ITEM_NOT_COVERED', compiled);
    expect(compiled.covers('EX102')).toBe(false);
    const longer = catalogueLists([['EX100', 'EX101', 'EX102']]);
    denied(use('CaseTransfer', { item: 'EX102' }), 'ITEM_NOT_COVERED', compileAgreement(granted, longer));
  });

  it('covers nothing without its list', () => {
    denied(use('CaseTransfer', { item: 'EX100' }), 'ITEM_NOT_COVERED', compileAgreement(granted));
  });

  it('has a digest that does not depend on the order of the codes', () => {
    expect(listDigest(['b', 'a'])).toBe(listDigest(['a', 'b']));
    expect(listDigest(['a', 'b'])).toBe('kRFp3arxRq_1OfWMJsSJrzuJLf8P4oPBwmTGWuWqWaI');
    expect(listDigest(['ab'])).not.toBe(listDigest(['a', 'b']));
  });
});

describe('a right for what a window does by itself', () => {
  const place = { item: 'EX018', mode: 'agency', receiving: NANTONG, handling: UXIN, right: 'R2' } as const;

  it('is there only for the item, the mode and the direction of its grant', () => {
    expect(agreement.grantsRight(place)).toBe(true);
    expect(agreement.grantsRight({ ...place, item: 'EX020' })).toBe(false);
    expect(agreement.grantsRight({ ...place, mode: 'joint' })).toBe(false);
    expect(agreement.grantsRight({ ...place, right: 'R1b' })).toBe(false);
    expect(agreement.grantsRight({ ...place, receiving: UXIN, handling: NANTONG })).toBe(false);
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
    expect(() => agreement.judge(use(name, { sender: '350500', item: '', at: 0 }))).not.toThrow();
  });
});
