import type { Store } from '../store/store.ts';
import { answerable } from './answered-fields.ts';
import type { CertificateService } from './certificate-service.ts';
import type { CheckInput } from './check-messages.ts';
import { references } from './check-references.ts';
import type { CertificateRecord } from './library.ts';
import type { CertificateStatus } from './standing.ts';

/** How a certificate of our own stands, and what was asked of it. */
export interface OwnFinding {
  /** `unknown`: we never gave it out, it is another one, or its time has not come, as other regions are told. */
  readonly status: Exclude<CertificateStatus, 'not-yet-valid'> | 'unknown';
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Asked before any field of a certificate of ours is told: writes the look down (查阅留痕), durably, and says whether it
 * may be told.
 */
export type MayTell = (about: Pick<CertificateRecord, 'identifier' | 'conversation'>) => Promise<boolean>;

interface OwnCheckOptions {
  readonly store: Store;
  readonly certificates: Pick<CertificateService, 'find'>;
  readonly mayTell: MayTell;
}

const UNKNOWN: OwnFinding = { status: 'unknown', fields: {} };

/**
 * Looks into our own library instead of asking: what another region would be told, and every field of it that was asked
 * for, or none where {@link MayTell} says no. Without a field to tell it is not asked.
 */
export async function findOwn(
  { identifier, reference, digest, fields }: CheckInput,
  region: string,
  { store, certificates, mayTell }: OwnCheckOptions,
): Promise<OwnFinding> {
  const named = identifier ?? (await references.find(store.read, reference ?? ''));
  const record = named === undefined ? undefined : await certificates.find(named, region);
  if (!record || record.status === 'not-yet-valid' || (digest && !record.digest.equals(digest))) return UNKNOWN;
  const known = answerable(record.certificate);
  const told = fields.flatMap((name): [string, string][] => (known.has(name) ? [[name, known.get(name)!]] : []));
  const isTold = told.length > 0 && (await mayTell(record));
  return { status: record.status, fields: isTold ? Object.fromEntries(told) : {} };
}
