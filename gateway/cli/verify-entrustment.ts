import { CodedError, fields, LIMITS, list, type Problem, text } from '#proto';
import { ENTRUSTED_RIGHTS, type RegionStatement, readRevocation, verifyEntrustments, verifyRevocation } from '#trust';
import type { Answer } from './command.ts';
import { pairs } from './format.ts';
import { readStatements } from './statements.ts';
import { newestOf, refused, validity } from './verify-joint.ts';

/** What `tongban entrustment show --out` writes: the links from the region down, and revocations that are known. */
export interface EntrustmentFile {
  readonly chain: readonly string[];
  readonly revocations: readonly string[];
}

const jws = text(LIMITS.jwsBytes);
const shape = fields({
  chain: list(jws, LIMITS.entrustmentLinks, 1),
  revocations: list(jws, LIMITS.entrustmentLinks),
});

/** @throws CodedError VALIDATION_FAILED when it is no such file */
export function entrustmentFile(value: unknown): EntrustmentFile {
  const problems: Problem[] = [];
  shape(value, '', problems);
  if (problems.length > 0)
    throw new CodedError('VALIDATION_FAILED', 'the file holds no chain of entrustments', problems);
  return value as EntrustmentFile;
}

/**
 * Verifies a chain of entrustments with nothing but statements. Later revocations only the region and those to whom it
 * showed the chain know.
 *
 * @param now milliseconds
 * @throws CodedError the codes of the statements
 */
export async function verifyEntrustmentFile(
  { chain, revocations }: EntrustmentFile,
  statementFiles: readonly string[],
  now: number,
): Promise<Answer> {
  const statementOf = newestOf(await readStatements(statementFiles));
  try {
    const revoked = revokedBy(revocations, statementOf, now);
    const { links, last } = verifyEntrustments(chain, {
      statementOf,
      at: now,
      revokedAt: (digest) => revoked.get(digest),
    });
    const { content } = last;
    const holders = [links[0]!.content.issuer.name, ...links.map((link) => link.content.holder.name)];
    return {
      json: { verified: true, region: content.region, holders, digest: last.digest.toString('hex'), content },
      text: pairs([
        ['核验 Verified', '委托链完整有效 the chain is in force'],
        ['自上而下 From the region down', holders.join(' → ')],
        ['权限 Rights', content.rights.map((right) => `${right} ${ENTRUSTED_RIGHTS[right]}`).join('; ')],
        ['事项 Items', content.items.join(', ')],
        ['期限 Validity', validity(content.valid_from, content.valid_until)],
        ['摘要 Digest', last.digest.toString('hex')],
      ]),
      notes: ['此后是否撤销须问签发地区 / whether it was revoked since, only its region can tell'],
    };
  } catch (error) {
    return refused(error);
  }
}

/** When links were revoked, by the hex of their digests. */
function revokedBy(
  revocations: readonly string[],
  statementOf: (region: string) => RegionStatement | undefined,
  now: number,
): ReadonlyMap<string, number> {
  return new Map(
    revocations.map((text) => {
      const statement = statementOf(readRevocation(text).region);
      if (!statement) throw new CodedError('KEY_UNKNOWN', 'a revocation is of a region whose statement was not given');
      const { entrustment, revoked_at } = verifyRevocation(text, statement, now);
      return [Buffer.from(entrustment, 'base64url').toString('hex'), revoked_at];
    }),
  );
}
