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
      'JointConclusion',
      'JointEnding',
      'JointProposal',
      'JointSignature',
      'Ping',
      'Skip',
      'StatementPublished',
    ]);
  });

  it('wants an agreement in force only for what opens a case or asks about a certificate', () => {
    expect(PAYLOAD_NAMES.filter(opensUnder).sort()).toEqual([
      'CaseTransfer',
      'CertificateAnswer',
      'CertificateQuestion',
      'DataAnswer',
      'DataQuestion',
      'DirectOutcome',
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
  const standing = need.opens ? '生效中 in force' : '办件所依 that of the case';
  const scope = need.mode ? '事项与方式 item and mode' : '事项 item';
  return `| \`${name}\` | ${standing} | ${scope} | ${cell('receiving')} | ${cell('handling')} |`;
}
