import { CodedError } from '#proto';
import {
  ANCHOR_FILES,
  type ConformanceResult,
  issueSubordinateStatement,
  issueTrustMark,
  type RegionStatement,
  type Signer,
  testerOf,
  verifyConformanceResult,
  verifyStatement,
} from '#trust';
import type { AnchorFolder } from './anchor-folder.ts';
import type { Issued, Mark, Member } from './anchor-state.ts';

export interface Issue {
  readonly key: Signer;
  /** Milliseconds. */
  readonly now: number;
  /** Milliseconds that what is signed is good for. */
  readonly lifetimeMs: number;
}

/** A result that is older says too little about a gateway of today. */
const MAX_RESULT_AGE_MS = 90 * 24 * 60 * 60 * 1000;

/**
 * Signs new statements about members: all, or those that are named.
 *
 * @throws CodedError NOT_FOUND; nothing is signed then
 */
export async function issueStatements(folder: AnchorFolder, names: readonly string[], issue: Issue): Promise<Member[]> {
  const { name: issuer, members: all } = folder.state;
  const members = names.length === 0 ? all : names.map((name) => folder.member(name));
  const first = await folder.takeSerials(members.length);
  const signed: Member[] = [];
  for (const [index, member] of members.entries()) {
    const { kind, name, jwk, location, constraints } = member;
    const dates = { issuedAt: issue.now, expiresAt: issue.now + issue.lifetimeMs };
    const jwt = await issueSubordinateStatement(issue.key, issuer, {
      subject: { kind, name },
      serial: first + index,
      jwk,
      constraints,
      ...(location !== undefined && { location }),
      ...dates,
    });
    await folder.writeFile(ANCHOR_FILES.subordinate(name), jwt);
    signed.push({ ...member, issued: withNewest(member.issued, first + index, dates.expiresAt, issue.now) });
  }
  const byName = new Map(signed.map((member) => [member.name, member]));
  await folder.save({ members: all.map((member) => byName.get(member.name) ?? member) });
  return signed;
}

/**
 * Makes a trust mark of a passed conformance result, for the enrolled region that was tested.
 *
 * @param tester statement of the region that tested, when it is not enrolled here
 * @throws CodedError TRUST_MARK_INVALID, NOT_FOUND, FINGERPRINT_MISMATCH when another identity was tested, codes of a
 *   signed object
 */
export async function issueMark(
  folder: AnchorFolder,
  resultJwt: string,
  tester: RegionStatement | undefined,
  issue: Issue,
): Promise<Mark> {
  const result = verifyConformanceResult(resultJwt, tester ?? (await enrolledTester(folder, resultJwt)));
  demandPassed(folder, result, issue.now);
  const region = result.target;
  const type = `conformance-${result.plan}`;
  const serial = await folder.takeSerials(1);
  const expiresAt = issue.now + issue.lifetimeMs;
  const content = { region, type, serial, issuedAt: issue.now, expiresAt, conformance: result };
  await folder.writeFile(ANCHOR_FILES.mark(region, type), await issueTrustMark(issue.key, folder.state.name, content));
  const mark: Mark = { region, type, serial, expiresAt };
  const others = folder.state.marks.filter((other) => other.region !== region || other.type !== type);
  await folder.save({ marks: [...others, mark] });
  return mark;
}

async function enrolledTester(folder: AnchorFolder, resultJwt: string): Promise<RegionStatement> {
  const tester = testerOf(resultJwt);
  const jwt = await folder.file(ANCHOR_FILES.statement(tester));
  if (jwt === undefined)
    throw new CodedError(
      'NOT_FOUND',
      `region ${tester}, which tested, is not enrolled; give its statement: --tester FILE`,
    );
  return verifyStatement(jwt);
}

function demandPassed(folder: AnchorFolder, result: ConformanceResult, now: number): void {
  const { target, identity, tester, passed, failed, skipped, testedAt } = result;
  const member = folder.member(target);
  if (member.kind !== 'region' || member.kid !== identity)
    throw new CodedError('FINGERPRINT_MISMATCH', `another identity of region ${target} was tested than is enrolled`);
  if (tester === target) throw failing('a region does not test itself');
  if (failed > 0 || passed === 0) throw failing(`${failed} checks failed`);
  if (skipped > 0)
    throw failing(`${skipped} checks were skipped; authorize the testing region for everything that the plan tries`);
  if (now - testedAt > MAX_RESULT_AGE_MS) throw failing('it is older than 90 days');
  if (testedAt > now) throw failing('it is dated in the future');
}

function failing(why: string): CodedError {
  return new CodedError('TRUST_MARK_INVALID', `the conformance result makes no trust mark: ${why}`);
}

/** What has expired need not be revoked any more. */
function withNewest(issued: readonly Issued[], serial: number, expiresAt: number, now: number): Issued[] {
  return [...issued.filter((older) => older.expiresAt > now).slice(-100), { serial, expiresAt }];
}
