import { createHash } from 'node:crypto';
import type { Mode, messages } from '#proto';
import type { Grant, VerifiedAgreement } from '#trust';
import { Deviation, NotApplicable, say } from '../finding.ts';
import { type Answer, answerText } from '../wire/answers.ts';
import type { HeaderChanges, Written } from '../wire/hostile-peer.ts';
import type { Session } from '../wire/session.ts';
import type { Workbench } from '../workbench.ts';
import { freshConversation } from './traces.ts';

/** What allows us to hand a case to the target: an agreement, an item of it and a mode. */
export interface CaseGround {
  readonly agreement: VerifiedAgreement;
  readonly grant: Grant;
  readonly item: string;
  readonly mode: Mode;
}

/** A case that the target took, and how many envelopes we sent in it. */
export interface OpenCase {
  readonly ground: CaseGround;
  readonly conversation: string;
  sequence: number;
}

/** Items tried until the target offers one. */
const MAX_TRIES = 20;

/** Codes by which a target says that an item is granted on paper but not to be had now. */
const NOT_TO_BE_HAD = ['ITEM_UNKNOWN', 'AUTHORIZATION_INACTIVE', 'AUTHORIZATION_UNKNOWN'];

const HANDLER = { organisation: '一致性测试', window: '1', staff: 'TEST01' };

/** Every item that we may take in for the target, with the mode. @throws NotApplicable when there is none */
export function caseGrounds({ acting, own, target, now }: Workbench): CaseGround[] {
  const grounds = acting.agreements
    .filter(({ content }) => inForce(content, now()) && mayTravel(content.fields))
    .flatMap((agreement) =>
      agreement.content.grants
        .filter(
          ({ grantor, grantee, rights, window, grade }) =>
            grantor === target.region &&
            grantee === own.region &&
            rights.includes('R1a') &&
            // We are no window, and hand over what nobody checked.
            window === undefined &&
            (grade === undefined || grade === 'C' || grade === 'D'),
        )
        .flatMap((grant) =>
          grant.items.flatMap((item) => grant.modes.map((mode) => ({ agreement, grant, item, mode }))),
        ),
    );
  if (grounds.length > 0) return grounds.sort((a, b) => rank(a) - rank(b)).slice(0, MAX_TRIES);
  throw new NotApplicable(
    say(
      '测试方目录中没有可用的授权:须由目标地区授予 R1a,且允许 applicant.name 与 applicant.documentNumber',
      'the folder has no agreement in force by which the target grants R1a and lets applicant.name and applicant.documentNumber travel',
    ),
  );
}

/** The header fields that cite an agreement. */
export function cite({ digest, content }: VerifiedAgreement): HeaderChanges {
  return { authorizationId: content.id, authorizationDigest: digest };
}

/** A transfer with as few personal fields as the rules allow; the applicant is a published example. */
export function transfer(
  { item, mode }: Pick<CaseGround, 'item' | 'mode'>,
  now: number,
  materials: readonly object[] = [],
) {
  return {
    item,
    mode,
    caseNumber: 'CONFORMANCE-1',
    applicant: {
      kind: 'legal-person',
      name: '一致性测试',
      documentType: 'social-credit-code',
      documentNumber: '91350100M000100Y43',
    },
    materials,
    receiptNotice: 'CONFORMANCE-1',
    receivedAt: now,
    handler: HANDLER,
  };
}

/** A material of a transfer. Grade C claims no right. */
export function materialOf({ digest, bytes }: { digest: Buffer; bytes: Buffer }): Partial<messages.Material> {
  return { name: '测试材料', digest, size: bytes.length, mediaType: 'application/octet-stream', grade: 'C' };
}

/**
 * Tries the grounds until the target takes a case.
 *
 * @param deliver hands the case over and returns the final answer
 * @throws NotApplicable when the target offers none of the items, Deviation when it rejects for another reason
 */
export async function openCase(
  bench: Workbench,
  deliver: (ground: CaseGround, conversation: string) => Promise<Answer>,
): Promise<OpenCase> {
  for (const ground of caseGrounds(bench)) {
    const conversation = freshConversation();
    const answer = await deliver(ground, conversation);
    if (answer.kind === 'receipt' && answer.code === '') return { ground, conversation, sequence: 1 };
    if (answer.kind === 'receipt' && NOT_TO_BE_HAD.includes(answer.code)) continue;
    const { zh, en } = answerText(answer);
    throw new Deviation(say(`授权范围内的转办得到${zh}`, `a transfer under the agreement got ${en}`));
  }
  throw new NotApplicable(say('对端未提供授权中的任何事项', 'the target offers no item of the agreements'));
}

/** Works in a case without materials, and withdraws it afterwards. */
export async function inCase(
  bench: Workbench,
  session: Session,
  work: (opened: OpenCase) => Promise<string>,
): Promise<string> {
  const opened = await openCase(bench, async (ground, conversation) => {
    const payload = transfer(ground, bench.now());
    const envelope = bench.peer.write('CaseTransfer', payload, { conversation, ...cite(ground.agreement) });
    return (await session.deliver([envelope])).to(envelope);
  });
  try {
    return await work(opened);
  } finally {
    await withdraw(bench, session, opened);
  }
}

/** The next envelope of a case. */
export function nextInCase(opened: OpenCase, write: (changes: HeaderChanges) => Written): Written {
  opened.sequence += 1;
  const { conversation, sequence, ground } = opened;
  return write({ conversation, sequence, ...cite(ground.agreement) });
}

/** Takes a test case back, so that nobody works on it. */
export async function withdraw(bench: Workbench, session: Session, opened: OpenCase): Promise<Answer> {
  const payload = { reason: '一致性测试结束', handler: HANDLER };
  const envelope = nextInCase(opened, (changes) => bench.peer.write('WithdrawalRequested', payload, changes));
  return (await session.deliver([envelope])).to(envelope);
}

/** The digest of something that nobody knows. */
export function unknownDigest(): Buffer {
  return createHash('sha256').update(freshConversation()).digest();
}

function inForce({ valid_from, valid_until }: VerifiedAgreement['content'], now: number): boolean {
  return Date.parse(valid_from) <= now && now < Date.parse(valid_until);
}

function mayTravel(fields: readonly string[]): boolean {
  return ['applicant.name', 'applicant.documentNumber'].every(
    (field) => fields.includes('applicant.*') || fields.includes(field),
  );
}

/** Agency is the mode that every gateway begins with. */
function rank({ mode }: CaseGround): number {
  return mode === 'agency' ? 0 : 1;
}
