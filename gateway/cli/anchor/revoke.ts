import { CodedError } from '#proto';
import { ANCHOR_FILES, entityUrn } from '#trust';
import type { AnchorFolder } from './anchor-folder.ts';
import type { Issued, Mark, Withdrawal } from './anchor-state.ts';

export interface Revoke {
  /** For the published list; about no person. */
  readonly reason: string;
  /** Milliseconds. */
  readonly now: number;
}

/**
 * Withdraws a member with all that was signed about it. It must be enrolled anew to come back.
 *
 * @throws CodedError NOT_FOUND
 */
export async function revokeMember(folder: AnchorFolder, name: string, revoke: Revoke): Promise<Withdrawal[]> {
  const member = folder.member(name);
  const { members, marks, withdrawn } = folder.state;
  const ofMember = marks.filter(({ region }) => region === name);
  const added = withdrawals(entityUrn(member), [...member.issued, ...ofMember], revoke);
  // The record first: whatever else fails, what is withdrawn is not published again.
  await folder.save({
    members: members.filter((other) => other !== member),
    marks: marks.filter((mark) => !ofMember.includes(mark)),
    withdrawn: [...withdrawn, ...added],
  });
  await folder.removeFile(ANCHOR_FILES.subordinate(name));
  await folder.removeFile(ANCHOR_FILES.statement(name));
  for (const { type } of ofMember) await folder.removeFile(ANCHOR_FILES.mark(name, type));
  return added;
}

/**
 * Withdraws a trust mark of a region, which stays a member.
 *
 * @throws CodedError NOT_FOUND
 */
export async function revokeMark(
  folder: AnchorFolder,
  region: string,
  type: string,
  revoke: Revoke,
): Promise<Withdrawal[]> {
  const { marks, withdrawn } = folder.state;
  const isIt = (mark: Mark) => mark.region === region && mark.type === type;
  const mark = marks.find(isIt);
  if (!mark) throw new CodedError('NOT_FOUND', `region ${region} has no mark ${type}; see: tongban anchor list`);
  const added = withdrawals(entityUrn({ kind: 'region', name: region }), [mark], revoke);
  await folder.save({ marks: marks.filter((other) => !isIt(other)), withdrawn: [...withdrawn, ...added] });
  await folder.removeFile(ANCHOR_FILES.mark(region, type));
  return added;
}

/** What has expired counts for nothing anyhow. */
function withdrawals(subject: string, issued: readonly Issued[], { reason, now }: Revoke): Withdrawal[] {
  return issued
    .filter(({ expiresAt }) => expiresAt > now)
    .map(({ serial, expiresAt }) => ({ serial, expiresAt, subject, at: now, reason }));
}
