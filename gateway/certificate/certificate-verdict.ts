import type { StatusWord, VerifiedCertificate } from '#trust';
import { type CertificateContext, type VerificationDemands, verifiedBy } from './certificate-context.ts';
import { library } from './library.ts';
import { counting, isEnding } from './notice/precedence.ts';
import { originalDigest } from './stamped-original.ts';
import { type CertificateStatus, statusAt } from './standing.ts';

/**
 * A verified certificate and how it stands. `library`: it is ours and the status is what we decided, `unknown` when
 * we never gave it out. `list`: another region issued it, and its status list says how it stood at `asOf`. `notice`: that
 * region told us what it decided at `asOf`. `dates`: its issuer alone knows whether it suspended or revoked it.
 */
export type CertificateVerdict = Omit<VerifiedCertificate, 'status'> & {
  /** What its dates alone say. */
  readonly validity: VerifiedCertificate['status'];
  /** What its issuer decided, whatever its dates say; undefined when we do not know. */
  readonly word?: StatusWord;
} & (
    | { readonly source: 'library'; readonly status: CertificateStatus | 'unknown' }
    | { readonly source: 'list' | 'notice'; readonly status: CertificateStatus; readonly asOf: number }
    | { readonly source: 'dates'; readonly status: VerifiedCertificate['status'] }
  );

/** How a certificate stands; the whole contract stands at `CertificateService.verify`. */
export async function verdictOn(
  context: CertificateContext,
  text: string,
  demands: VerificationDemands,
): Promise<CertificateVerdict> {
  const { region, store } = context;
  const now = context.clock.now();
  const verified = verifiedBy(context, text, demands);
  const known = { ...verified, validity: verified.status };
  if (verified.issuer !== region) {
    const said = await saidOf(context, verified);
    if (!said) return { ...known, source: 'dates' };
    const status = statusAt(said.word, verified.certificate, now);
    return { ...known, source: said.source, word: said.word, status, asOf: said.asOf };
  }
  const record = await library.find(store.read, verified.identifier, verified.issuer, now);
  if (!record?.digest.equals(originalDigest(verified))) return { ...known, source: 'library', status: 'unknown' };
  const changes = await library.changes(store.read, verified.identifier);
  const word = changes.at(-1)?.to ?? 'valid';
  return { ...known, source: 'library', word, status: statusAt(word, verified.certificate, now) };
}

/** The word of the issuer of another region that counts; undefined when we know none. */
async function saidOf({ incomingNotices, statusReader }: CertificateContext, verified: VerifiedCertificate) {
  const told = await incomingNotices.wordOn(verified);
  if (told && isEnding(told.word)) return told;
  const listed = await statusReader.statusOf(verified);
  return counting(told, listed && { ...listed, source: 'list' as const });
}
