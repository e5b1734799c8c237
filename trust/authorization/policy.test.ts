import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, PAYLOAD_NAMES, type PayloadName } from '#proto';
import { exampleAgreement } from './example-agreement.ts';
import { type AuthorizedUse, compileAgreement } from './judge.ts';
import { needsAuthorization, opensUnder, POLICY, type Requirement, type Side } from './policy.ts';
import { RIGHT_NAMES, RIGHTS, type Right } from './rights.ts';

const REGIONS = { receiving: '320600', handling: '150626', third: '350500' } as const;
const AT = Date.parse('2027-03-01T10:00:00+08:00');

describe('the policy', () => {
  it('has every type of message and no other', () => {
    expect(Object.keys(POLICY).sort()).toEqual([...PAYLOAD_NAMES].sort());
  });

  it('asks nothing but a pinned peer of these types only', () => {
    expect(PAYLOAD_NAMES.filter((name) => !needsAuthorization(name)).sort()).toEqual([
      'AuthorizationAcceptance',
      'AuthorizationContacts',
      'AuthorizationProposal',
      'AuthorizationResumption',
      'AuthorizationRevocation',
      'AuthorizationSuspension',
      'CataloguePublished',
      'CertificateNotice',
      'EntrustmentPublished',
      'EntrustmentRevoked',
      'InquiryWithdrawn',
      'JointConclusion',
      'JointEnding',
      'JointProposal',
      'JointSignature',
      'Ping',
      'Skip',
      'StatementPublished',
    ]);
  });

  it('wants an agreement in force only for what opens a case, asks about a certificate, or asks outside any case', () => {
    expect(PAYLOAD_NAMES.filter(opensUnder).sort()).toEqual([
      'CaseTransfer',
      'CertificateAnswer',
      'CertificateQuestion',
      'DataAnswer',
      'DataQuestion',
      'DirectOutcome',
      'InquiryAsked',
      'PreviewRequested',
    ]);
  });
});

/** Who may send what, written out: the right that the receiving region needs ('-': never), and whether the handling may. */
const SENDERS: Readonly<Record<string, readonly [receiving: Right | '-', handling: boolean]>> = {
  PreviewRequested: ['R1a', false],
  CaseTransfer: ['R1a', false],
  DirectOutcome: ['R1a', false],
  SupplementSubmitted: ['R1a', false],
  WithdrawalRequested: ['R1a', false],
  CaseRated: ['R1a', false],
  ResultDelivered: ['R5', true],
  CaseAccepted: ['R1b', true],
  CaseRefused: ['R1b', true],
  SupplementRequested: ['R1b', true],
  PreviewGiven: ['-', true],
  CaseReturned: ['-', true],
  CaseNote: ['R1a', true],
  SpecialProcedureStarted: ['-', true],
  SpecialProcedureEnded: ['-', true],
  CaseDecided: ['-', true],
  ResultIssued: ['-', true],
  ResultRevoked: ['-', true],
};

/** Every cell: a type, who sends it, and the only right that the agreement grants. */
const CELLS = Object.entries(SENDERS).flatMap(([name, [needed, fromHandling]]) =>
  (Object.keys(REGIONS) as (keyof typeof REGIONS)[]).flatMap((sender) =>
    RIGHTS.map((granted) => {
      const permitted = sender === 'receiving' ? granted === needed : sender === 'handling' && fromHandling;
      return { name: name as PayloadName, sender, granted, permitted };
    }),
  ),
);

function granting(rights: readonly Right[]) {
  const content = exampleAgreement();
  return compileAgreement({ ...content, grants: [{ ...content.grants[0]!, rights }] });
}

function use(name: PayloadName, sender: string, changes: Partial<AuthorizedUse> = {}): AuthorizedUse {
  const place = { item: 'EX018', mode: 'agency', receiving: REGIONS.receiving, handling: REGIONS.handling } as const;
  return { name, payload: {}, sender, at: AT, ...place, ...changes };
}

const denied = (asked: AuthorizedUse, code: ErrorCode, rights: readonly Right[] = RIGHTS) =>
  expect(() => granting(rights).judge(asked)).toThrow(expect.objectContaining({ code }));

describe('every type of a case, from every side, under every right', () => {
  it('is written out here for exactly the types of the table that belong to a case', () => {
    const inCase = PAYLOAD_NAMES.filter((name) => {
      const need: Requirement = POLICY[name];
      return need.needs === 'authorization' && need.mode;
    });
    expect(Object.keys(SENDERS).sort()).toEqual([...inCase].sort());
  });

  it.each(CELLS)('$name sent by the $sender region with $granted alone: $permitted', (cell) => {
    const { name, sender, granted, permitted } = cell;
    const asked = use(name, REGIONS[sender]);
    if (permitted) expect(() => granting([granted]).judge(asked)).not.toThrow();
    else denied(asked, 'RIGHT_MISSING', [granted]);
  });

  it.each(Object.entries(SENDERS))('%s needs more than all the other rights together', (name, [needed]) => {
    const others = RIGHTS.filter((right) => right !== needed);
    denied(use(name as PayloadName, REGIONS.receiving), 'RIGHT_MISSING', others);
  });

  it.each(Object.entries(SENDERS))('%s needs the item, the mode and the direction', (name, [, fromHandling]) => {
    const sender = REGIONS[fromHandling ? 'handling' : 'receiving'];
    const { receiving, handling, third } = REGIONS;
    const asked = (changes: Partial<AuthorizedUse>) => use(name as PayloadName, sender, changes);
    denied(asked({ item: 'EX099' }), 'ITEM_NOT_COVERED');
    denied(asked({ mode: 'joint' }), 'MODE_NOT_COVERED');
    denied(asked({ mode: undefined }), 'MODE_NOT_COVERED');
    denied(asked({ receiving: handling, handling: receiving }), 'ITEM_NOT_COVERED');
    denied(asked({ handling: third }), 'ITEM_NOT_COVERED');
  });
});

describe('questions about certificates', () => {
  it.each([
    ['CertificateQuestion', 'receiving'],
    ['CertificateAnswer', 'handling'],
    ['DataQuestion', 'receiving'],
    ['DataAnswer', 'handling'],
  ] as const)('%s is for the %s side, whatever the rights', (name, side) => {
    for (const sender of Object.keys(REGIONS) as (keyof typeof REGIONS)[]) {
      const asked = use(name, REGIONS[sender], { mode: undefined });
      if (sender === side) for (const right of RIGHTS) expect(() => granting([right]).judge(asked)).not.toThrow();
      else denied(asked, 'RIGHT_MISSING');
    }
    denied(use(name, REGIONS[side], { item: 'EX099' }), 'ITEM_NOT_COVERED');
  });
});

describe('P15: what is asked outside any case', () => {
  const { receiving: asking, handling: asked, third } = REGIONS;
  const subject = { name: '测试', documentType: 'passport', documentNumber: 'E1' };
  const verification = { kind: 'verification', subject, handler: { organisation: '某局', window: '', staff: '1' } };
  const question = (changes: Partial<AuthorizedUse> = {}) =>
    use('InquiryAsked', asking, { payload: verification, mode: undefined, ...changes });
  /** The asked region as the grantee, and the asking one with power over the item. */
  const byGrantor = { sender: asked, receiving: asked, handling: asking };

  it('a verification needs R3 of the grantee, and no right of the grantor', () => {
    for (const right of RIGHTS)
      if (right === 'R3') expect(() => granting([right]).judge(question())).not.toThrow();
      else denied(question(), 'RIGHT_MISSING', [right]);
    expect(() => granting(['R1a']).judge(question(byGrantor))).not.toThrow();
  });

  it('a grant to one window binds the grantee that asks, not the grantor', () => {
    const content = exampleAgreement();
    const window = { name: '南通市政务服务中心', code: '113206000141602830' };
    const narrow = compileAgreement({ ...content, grants: [{ ...content.grants[0]!, rights: ['R3'], window }] });
    expect(() => narrow.judge(question())).toThrow(expect.objectContaining({ code: 'RIGHT_MISSING' }));
    expect(() => narrow.judge(question(byGrantor))).not.toThrow();
  });

  it('a verification needs its item and lets only permitted fields travel', () => {
    denied(question({ item: 'EX099' }), 'ITEM_NOT_COVERED');
    denied(question({ item: '' }), 'ITEM_NOT_COVERED');
    denied(question({ handling: third }), 'ITEM_NOT_COVERED');
    const named = compileAgreement({ ...exampleAgreement(), fields: ['applicant.name'] });
    expect(() => named.judge(question())).toThrow(
      expect.objectContaining({
        code: 'FIELD_NOT_ALLOWED',
        problems: [expect.objectContaining({ pointer: '/subject/documentNumber' })],
      }),
    );
  });

  it('a consultation needs nothing but an agreement in force', () => {
    const plain = question({ payload: { ...verification, kind: 'consultation', subject: null }, item: '' });
    expect(() => granting(['R5']).judge(plain)).not.toThrow();
    denied({ ...plain, at: Date.parse('2019-01-01T00:00:00Z') }, 'AUTHORIZATION_INACTIVE');
  });

  it('is answered by the region that was asked, also after the agreement has ended', () => {
    const answer = use('InquiryAnswered', asked, { payload: { kind: 'verification' }, mode: undefined });
    expect(() => granting(['R1a']).judge(answer)).not.toThrow();
    expect(() => granting(['R1a']).judge({ ...answer, at: Date.parse('2100-01-01T00:00:00Z') })).not.toThrow();
    denied({ ...answer, sender: asking }, 'RIGHT_MISSING');
    denied({ ...answer, item: 'EX099' }, 'ITEM_NOT_COVERED');
  });
});

describe('docs/authorizations.md', () => {
  it('shows exactly this table', async () => {
    const page = await readFile(new URL('../../docs/authorizations.md', import.meta.url), 'utf8');
    const rows = page.split('\n').filter((line) => /^\| `[A-Z][A-Za-z]+` \|/.test(line));
    expect(rows.sort()).toEqual(PAYLOAD_NAMES.map(documented).sort());
  });

  it('names every right', async () => {
    const page = await readFile(new URL('../../docs/authorizations.md', import.meta.url), 'utf8');
    for (const right of RIGHTS) expect(page).toContain(`| ${right} | ${RIGHT_NAMES[right].split(', ').join(' | ')} |`);
  });
});

function documented(name: PayloadName): string {
  const need: Requirement = POLICY[name];
  if (need.needs === 'pinned') return `| \`${name}\` | 已登记的对端 a pinned peer | | | |`;
  const cell = (side: Side) => {
    const found = need.from.find((one) => one.side === side);
    return found ? (found.right ?? '可 yes') : '—';
  };
  const goesOn = need.plain ? '所询依据 that of the question' : '办件所依 that of the case';
  const standing = need.opens ? '生效中 in force' : goesOn;
  const ofItem = need.plain ? '协查看事项,咨询不限 item of a verification' : '事项 item';
  const scope = need.mode ? '事项与方式 item and mode' : ofItem;
  return `| \`${name}\` | ${standing} | ${scope} | ${cell('receiving')} | ${cell('handling')} |`;
}
