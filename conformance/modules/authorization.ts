import { randomUUID } from 'node:crypto';
import { type ErrorCode, MODES } from '#proto';
import type { ConformanceCheck, ConformanceModule } from '../check.ts';
import { NotApplicable, say } from '../finding.ts';
import { demandAnswer } from '../wire/answers.ts';
import type { Written } from '../wire/hostile-peer.ts';
import type { Workbench } from '../workbench.ts';
import { caseGrounds, cite, inCase, nextInCase, transfer, unknownDigest } from './case-ground.ts';
import { demandNext } from './traces.ts';

const clause = 'Answers 5';
/** An item code that no catalogue has. */
const NO_ITEM = 'EX999';
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
];

/** A transfer that must be rejected; the conversation goes on and there is no case in it. */
function rejected(
  id: string,
  code: ErrorCode,
  zh: string,
  en: string,
  write: (bench: Workbench) => Written,
): ConformanceCheck {
  return {
    id,
    clause,
    negative: true,
    title: { zh, en },
    run: (bench) =>
      bench.inSession(async (session) => {
        const bad = write(bench);
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
