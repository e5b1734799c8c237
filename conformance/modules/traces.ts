import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '#proto';
import type { ConformanceCheck } from '../check.ts';
import { Deviation, say, type Words } from '../finding.ts';
import { type Answer, answerText, demandAccepted, demandAnswer } from '../wire/answers.ts';
import type { CallEnd } from '../wire/call-end.ts';
import { CallEnded, callEndText } from '../wire/call-end.ts';
import type { Written } from '../wire/hostile-peer.ts';
import type { Session } from '../wire/session.ts';
import type { Workbench } from '../workbench.ts';

/** An envelope that must be refused, and the seal it travels under; an honest seal over it when none is given. */
export interface Deceit {
  readonly id: string;
  readonly clause: string;
  readonly code: ErrorCode;
  readonly title: Words;
  readonly forge: (bench: Workbench) => Promise<{ envelope: Written; signedRoot?: Buffer }> | { envelope: Written };
}

/** The check that a deceit is refused with its code, and that its id and its number are still free afterwards. */
export function refusalCheck({ id, clause, code, title, forge }: Deceit): ConformanceCheck {
  const run = (bench: Workbench) =>
    bench.inSession(async (session) => {
      const { envelope, signedRoot } = { signedRoot: undefined, ...(await forge(bench)) };
      demandAnswer((await session.deliver([envelope], signedRoot)).to(envelope), 'refusal', code);
      await demandFree(bench, session, envelope);
      return say(`拒收 ${code};编号与序号仍可使用`, `refused with ${code}; its id and number were still free`);
    });
  return { id, clause, negative: true, title, run };
}

/** Nothing remained of an envelope: an honest one takes its id and its place. @throws Deviation */
export async function demandFree(
  bench: Workbench,
  session: Session,
  { id, conversation, sequence }: Written,
): Promise<void> {
  const honest = bench.peer.ping({ id, conversation, sequence });
  demandNoTrace((await session.deliver([honest])).to(honest));
}

/** @throws Deviation unless an honest envelope was accepted after a dishonest one */
export function demandNoTrace(answer: Answer): void {
  if (answer.kind === 'receipt' && answer.code === '') return;
  const { zh, en } = answerText(answer);
  throw new Deviation(
    say(
      `不良报文留下了影响:随后的正常报文得到${zh}`,
      `the bad envelope left a trace: the honest one after it got ${en}`,
    ),
  );
}

/** The conversation stands where it should: its next number is accepted. @throws Deviation */
export async function demandNext(
  bench: Workbench,
  session: Session,
  conversation: string,
  sequence: number,
): Promise<void> {
  const next = bench.peer.ping({ conversation, sequence });
  demandAccepted((await session.deliver([next])).to(next));
}

/** @throws Deviation unless a call ends with this code of the registry */
function demandEnd(end: CallEnd, code: ErrorCode): void {
  if (end.code === code) return;
  const got = callEndText(end);
  throw new Deviation(
    say(`调用应以 ${code} 结束,实为 ${got}`, `the call should end with ${code} and ended with ${got}`),
  );
}

/** @throws Deviation unless the call fails with this code of the registry */
export async function demandCallFails(call: Promise<unknown>, code: ErrorCode): Promise<void> {
  demandEnd(await endOfFailed(call), code);
}

/** How a call failed. @throws Deviation when it did not */
export async function endOfFailed(call: Promise<unknown>): Promise<CallEnd> {
  try {
    await call;
  } catch (error) {
    if (error instanceof CallEnded) return error.end;
    throw error;
  }
  throw new Deviation(say('调用竟然成功', 'the call went through'));
}

/** A conversation that nobody used. */
export function freshConversation(): string {
  return randomUUID();
}
