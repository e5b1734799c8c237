import type { CaseFile } from '../case-file.ts';
import type { State } from '../transitions.ts';
import type { JointCase, JointPartRow } from './joint-case.ts';
import type { PartState } from './joint-states.ts';
import type { Plan } from './plan.ts';

/** A part of a joint case as people and programs look at it. */
export interface JointPartView extends JointPartRow {
  readonly region: string;
  readonly department: string;
  readonly item: string;
  readonly after: readonly string[];
  readonly workingDays: number;
  readonly state: PartState;
  /** Its case, once it was opened. */
  readonly case?: { readonly number: string; readonly peerNumber: string; readonly state: State };
}

/** A joint case with its parts. Moments in milliseconds. */
export interface JointCaseView extends JointCase {
  /** What the applicant calls it (一件事). */
  readonly name: string;
  readonly handover: Plan['handover'];
  readonly parts: readonly JointPartView[];
  /** Limit for the whole (总时限), once it was submitted. */
  readonly limit?: { readonly workingDays: number; readonly dueAt: number; readonly isLate: boolean };
}

/** @param facts.now milliseconds */
export function jointCaseView(
  joint: JointCase,
  { name, handover, parts, workingDays }: Plan,
  facts: {
    readonly rows: readonly JointPartRow[];
    readonly files: ReadonlyMap<string, CaseFile>;
    readonly now: number;
  },
): JointCaseView {
  const { dueAt, endedAt } = joint.document;
  const rows = new Map(facts.rows.map((row) => [row.part, row]));
  return {
    ...joint,
    name,
    handover,
    parts: parts.map(({ id, ...part }) => {
      const row = rows.get(id)!;
      const file = facts.files.get(row.conversation);
      const opened = file && { number: file.number, peerNumber: file.peerNumber, state: file.state };
      return { ...row, ...part, ...(opened && { case: opened }) };
    }),
    ...(dueAt !== undefined && { limit: { workingDays, dueAt, isLate: (endedAt ?? facts.now) > dueAt } }),
  };
}
