import { randomUUID } from 'node:crypto';
import { type ErrorCode, MODES } from '#proto';
import { listDigest } from '#trust';
import type { ConformanceCheck, ConformanceModule } from '../check.ts';
import { NotApplicable, say } from '../finding.ts';
import { demandAccepted, demandAnswer } from '../wire/answers.ts';
import type { Written } from '../wire/hostile-peer.ts';
import type { Session } from '../wire/session.ts';
import type { Workbench } from '../workbench.ts';
import { BAD_DOCUMENTS, NO_ITEM, proposalContent, proposalWith } from './authorization-documents.ts';
import { caseGrounds, cite, inCase, nextInCase, type OpenCase, transfer, unknownDigest } from './case-ground.ts';
import { demandNext } from './traces.ts';

const clause = 'Answers 5';
const NO_GROUND = { item: NO_ITEM, mode: 'agency' } as const;

/** Step 5: what is sent must be allowed by an agreement that both signed. */
export const authorization: ConformanceModule = [
  rejected(
    'authorization.required',
    'AUTHORIZATION_REQUIRED',
    '转办未引用授权',
    'a transfer that cites no agreement',
    ({ peer, now }) => peer.write('CaseTransfer', transfer(NO_GROUND, now())),
  ),
  rejected(
    'authorization.unknown',
    'AUTHORIZATION_UNKNOWN',
    '引用未知的授权',
    'a transfer that cites an unknown agreement',
    ({ peer, now }) =>
      peer.write('CaseTransfer', transfer(NO_GROUND, now()), {
        authorizationId: randomUUID(),
        authorizationDigest: unknownDigest(),
      }),
  ),
  rejected(
    'authorization.digest',
    'AUTHORIZATION_UNKNOWN',
    '引用的授权编号与摘要不符',
    'a transfer that cites an agreement by another digest',
    (bench) => {
      const ground = caseGrounds(bench)[0]!;
      const changes = { ...cite(ground.agreement), authorizationDigest: unknownDigest() };
      return bench.peer.write('CaseTransfer', transfer(ground, bench.now()), changes);
    },
  ),
  rejected('authorization.item', 'ITEM_NOT_COVERED', '事项不在授权范围内', 'an item outside the agreement', (bench) => {
    const { agreement, mode } = caseGrounds(bench)[0]!;
    return bench.peer.write('CaseTransfer', transfer({ item: NO_ITEM, mode }, bench.now()), cite(agreement));
  }),
  rejected(
    'authorization.mode',
    'MODE_NOT_COVERED',
    '通办模式不在授权范围内',
    'a mode outside the agreement',
    (bench) => {
      const { agreement, item, mode } = modeless(bench);
      return bench.peer.write('CaseTransfer', transfer({ item, mode }, bench.now()), cite(agreement));
    },
  ),
  rejected(
    'authorization.field',
    'FIELD_NOT_ALLOWED',
    '字段不在允许传递的范围内',
    'a personal field outside the agreement',
    (bench) => {
      const ground = caseGrounds(bench).find(({ agreement }) => !agreement.content.fields.includes('form.*'));
      if (!ground) throw new NotApplicable(say('授权允许所有表单字段', 'the agreements let every form field travel'));
      const payload = { ...transfer(ground, bench.now()), form: { conformance_field: 'x' } };
      return bench.peer.write('CaseTransfer', payload, cite(ground.agreement));
    },
  ),
  {
    id: 'authorization.right',
    clause,
    negative: true,
    title: { zh: '收件地作出只属于办理地的行为', en: 'the receiving region does what only the handling region may' },
    run: (bench) =>
      bench.inSession((session) =>
        inCase(bench, session, async (opened) => {
          const returned = { reason: '一致性测试', handler: { organisation: '一致性测试', staff: 'TEST01' } };
          const bad = nextInCase(opened, (changes) => bench.peer.write('CaseReturned', returned, changes));
          demandAnswer((await session.deliver([bad])).to(bad), 'receipt', 'RIGHT_MISSING');
          return say('否决 RIGHT_MISSING', 'rejected with RIGHT_MISSING');
        }),
      ),
  },
  ...BAD_DOCUMENTS.map(({ id, zh, en, make }) =>
    rejected(`authorization.document-${id}`, 'AUTHORIZATION_INVALID', zh, en, async (bench) =>
      bench.peer.write('AuthorizationProposal', { document: await make(bench) }),
    ),
  ),
  rejected(
    'authorization.lists',
    'AUTHORIZATION_INVALID',
    '清单与协议所签摘要不符',
    'lists that are not those of the digests',
    async (bench) => {
      const [grant] = proposalContent(bench).grants;
      const catalogue = { scope: '跨省通办', digest: listDigest([NO_ITEM]) };
      const document = await proposalWith(bench, { grants: [{ ...grant!, items: [], catalogue }] });
      return bench.peer.write('AuthorizationProposal', { document, lists: [{ items: [NO_ITEM, 'EX998'] }] });
    },
  ),
  ...(['counters', 'supersedes'] as const).map((member) =>
    rejected(
      `authorization.${member}-unknown`,
      'AUTHORIZATION_UNKNOWN',
      member === 'counters' ? '答复未知提案的反提案' : '续签未知协议的提案',
      member === 'counters' ? 'an answer to an unknown proposal' : 'a renewal of an unknown agreement',
      async (bench) => {
        const document = await proposalWith(bench, { [member]: randomUUID() });
        return bench.peer.write('AuthorizationProposal', { document });
      },
    ),
  ),
  rejected(
    'authorization.suspension-unknown',
    'AUTHORIZATION_UNKNOWN',
    '中止未知的授权',
    'a suspension of an unknown agreement',
    ({ peer, now }) =>
      peer.write('AuthorizationSuspension', {
        authorizationId: randomUUID(),
        authorizationDigest: unknownDigest(),
        reason: '一致性测试',
        suspendedAt: now(),
      }),
  ),
  rejected(
    'authorization.resumption',
    'AUTHORIZATION_INACTIVE',
    '恢复未曾中止的授权',
    'a resumption of what we have not suspended',
    (bench) => standing(bench, caseGrounds(bench)[0]!, 'AuthorizationResumption', 'resumedAt'),
  ),
  {
    id: 'authorization.suspended',
    clause: 'Authorization',
    negative: true,
    title: { zh: '中止期间的新办件与在办件', en: 'new and open cases while the agreement is suspended' },
    run: (bench) =>
      bench.inSession((session) =>
        inCase(bench, session, (opened) =>
          whileSuspended(bench, session, opened, async () => {
            const { ground } = opened;
            const fresh = bench.peer.write('CaseTransfer', transfer(ground, bench.now()), cite(ground.agreement));
            demandAnswer((await session.deliver([fresh])).to(fresh), 'receipt', 'AUTHORIZATION_SUSPENDED');
            // The state of the case does not allow it, which is judged after the authorization.
            const rated = { score: 5, comment: '', ratedAt: bench.now() };
            const going = nextInCase(opened, (changes) => bench.peer.write('CaseRated', rated, changes));
            demandAnswer((await session.deliver([going])).to(going), 'receipt', 'ILLEGAL_TRANSITION');
            return say(
              '新办件否决 AUTHORIZATION_SUSPENDED,在办件不受影响',
              'a new case was rejected with AUTHORIZATION_SUSPENDED, the open one was not touched',
            );
          }),
        ),
      ),
  },
];

/** What we say of an agreement as its party, without a signature. */
function standing(
  { peer, now }: Workbench,
  { agreement }: Pick<OpenCase['ground'], 'agreement'>,
  name: 'AuthorizationSuspension' | 'AuthorizationResumption',
  moment: 'suspendedAt' | 'resumedAt',
): Written {
  const named = { authorizationId: agreement.content.id, authorizationDigest: agreement.digest };
  return peer.write(name, { ...named, reason: '一致性测试', [moment]: now() });
}

/** Suspends the agreement of a case at the target, works, and resumes it whatever happened. */
async function whileSuspended<T>(
  bench: Workbench,
  session: Session,
  { ground }: OpenCase,
  work: () => Promise<T>,
): Promise<T> {
  const suspension = standing(bench, ground, 'AuthorizationSuspension', 'suspendedAt');
  demandAccepted((await session.deliver([suspension])).to(suspension));
  try {
    return await work();
  } finally {
    const resumption = standing(bench, ground, 'AuthorizationResumption', 'resumedAt');
    demandAccepted((await session.deliver([resumption])).to(resumption));
  }
}

/** What must be rejected; the conversation goes on, and there is nothing in it. */
function rejected(
  id: string,
  code: ErrorCode,
  zh: string,
  en: string,
  write: (bench: Workbench) => Written | Promise<Written>,
): ConformanceCheck {
  return {
    id,
    clause,
    negative: true,
    title: { zh, en },
    run: (bench) =>
      bench.inSession(async (session) => {
        const bad = await write(bench);
        demandAnswer((await session.deliver([bad])).to(bad), 'receipt', code);
        await demandNext(bench, session, bad.conversation, 2);
        return say(`否决 ${code};会话照常继续`, `rejected with ${code}; the conversation went on`);
      }),
  };
}

/** A granted item with a mode that no grant of the agreement gives for it. */
function modeless(bench: Workbench) {
  for (const { agreement, item } of caseGrounds(bench)) {
    const granted = agreement.content.grants.filter(({ items }) => items.includes(item)).flatMap(({ modes }) => modes);
    const mode = MODES.find((name) => !granted.includes(name));
    if (mode) return { agreement, item, mode };
  }
  throw new NotApplicable(say('授权涵盖所有模式', 'the agreements cover every mode'));
}
