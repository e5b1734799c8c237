import { CodedError } from '#proto';
import type { AuthorizationActor } from '#trust';
import type { Sql } from '../store/store.ts';
import type { AgreementRecord } from './agreement-record.ts';
import { agreements } from './agreement-table.ts';

/** @throws CodedError NOT_FOUND */
export async function demandAgreement(sql: Sql, id: string): Promise<AgreementRecord> {
  const record = await agreements.find(sql, id);
  if (!record) throw new CodedError('NOT_FOUND', `there is no authorization ${id}`);
  return record;
}

/** The part that a region has in an agreement that it is a party of. */
export function actorIn({ proposer }: AgreementRecord, region: string): Exclude<AuthorizationActor, 'clock'> {
  return proposer === region ? 'proposer' : 'acceptor';
}

/**
 * Whether a revocation by `region` takes the place of the one that stands, of the same strength: when two crossed on
 * their way, the proposer's stands on both sides.
 */
export function outranks(region: string, standing: AgreementRecord): boolean {
  return standing.revoked_by !== region && region === standing.proposer;
}
