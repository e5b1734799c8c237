import { CodedError } from '#proto';
import { issueCertificate, VerificationError, type VerifiedCertificate } from '#trust';
import type { Transaction } from '../store/store.ts';
import { type CertificateContext, verifiedBy } from './certificate-context.ts';
import { references } from './check-references.ts';
import { chinaDate } from './china-date.ts';
import { type CertificateInput, contentOf, demandIssuable } from './issuable.ts';
import { library } from './library.ts';
import { freshRecord, type KeptCertificate } from './library-rows.ts';
import { demandNumberFree, demandReplaceable, type Succession, successionOf } from './replacement.ts';
import { decideStatus } from './status-decision.ts';

/** A certificate that is signed and not yet kept. */
export interface PreparedCertificate extends KeptCertificate {
  readonly identifier: string;
  readonly typeName: string;
  /** Identifier of the certificate that ends when this one is kept. */
  readonly replaces: string | undefined;
  /** Who issues it. */
  readonly by: string;
}

/** Where a certificate of another region comes from. */
export interface ReceivedFrom {
  readonly conversation: string;
  /** Item of the case. */
  readonly item: string;
  /** Region that handled the case. */
  readonly issuer: string;
}

/** Signs a certificate without keeping it; the whole contract stands at `CertificateService.prepare`. */
export async function prepareCertificate(
  context: CertificateContext,
  input: CertificateInput,
): Promise<PreparedCertificate> {
  const { store, region, types, signer, statusLists } = context;
  const issuedAt = context.clock.now();
  const year = chinaDate(issuedAt).slice(0, 4);
  const issuance = { region, types, serial: serialOf(year, 1), issuedAt };
  demandIssuable(input, issuance);
  const { replaces } = input;
  const succession: Partial<Succession> =
    replaces === undefined ? {} : await successionOf(store.read, input, replaces, { region, types, now: issuedAt });
  if (replaces === undefined && input.number !== undefined)
    await demandNumberFree(store.read, contentOf(input, issuance), issuedAt);
  const { serial, statusList } = await store.write(async (tx) => ({
    serial: succession.serial ?? serialOf(year, await library.nextNumber(tx, year)),
    statusList: await statusLists.allocate(tx),
  }));
  const content = { ...contentOf(input, { ...issuance, ...succession, serial }), statusList };
  const text = await issueCertificate(signer, content, issuedAt, types);
  // A certificate that nobody could verify must not leave the house.
  const verified = verifiedBy(context, text);
  const { identifier, certificate } = verified;
  const { conversation = '', by = '' } = input;
  return { identifier, typeName: certificate.typeName, conversation, text, verified, replaces, by };
}

/** Keeps a prepared one, as `CertificateService.keep` says. */
export async function keepPrepared(
  context: CertificateContext,
  tx: Transaction,
  prepared: PreparedCertificate,
): Promise<void> {
  const { identifier, verified, text, replaces, by } = prepared;
  const now = context.clock.now();
  if (replaces !== undefined) {
    demandReplaceable((await library.decided(tx, replaces, context.region)).status);
    const reason = `换证 / replaced by ${identifier}`;
    await decideStatus(tx, context, replaces, { status: 'cancelled', ground: 'replaced', reason, by }, now);
  }
  await demandNumberFree(tx, verified.certificate, now);
  if (!(await library.insert(tx, prepared, now))) throw new CodedError('CERTIFICATE_EXISTS');
  await references.issue(tx, identifier);
  await context.tell(tx, { event: 'issued', record: freshRecord(prepared, now), text, replaces });
}

/** Keeps one of another region, as `CertificateService.keepReceived` says. */
export async function keepReceived(
  context: CertificateContext,
  tx: Transaction,
  from: ReceivedFrom,
  text: string,
): Promise<VerifiedCertificate> {
  const verified = verifiedBy(context, text);
  if (verified.issuer !== from.issuer || from.issuer === context.region)
    throw new VerificationError('CERTIFICATE_ISSUER', 'the certificate is not of the region that handled the case');
  if (verified.certificate.item !== from.item)
    throw new VerificationError('CERTIFICATE_MALFORMED', 'the certificate is about another item than the case');
  const now = context.clock.now();
  const kept = { conversation: from.conversation, text, verified };
  if (await library.insert(tx, kept, now)) {
    await context.tell(tx, { event: 'received', record: freshRecord(kept, now), text });
    await context.incomingNotices.arrived(tx, verified);
    return verified;
  }
  const known = await library.find(tx, verified.identifier, verified.issuer, now);
  if (known?.conversation !== from.conversation || !known.digest.equals(verified.digest))
    throw new CodedError('CERTIFICATE_EXISTS');
  return verified;
}

/** 流水号: the year and a number, at least six digits. */
function serialOf(year: string, number: number): string {
  return year + String(number).padStart(6, '0');
}
