import { parseCertificateReference } from '#proto';
import {
  type BindingDemand,
  type CertificateTypes,
  isPaperCertificate,
  type RegionStatement,
  readPaperCertificate,
  VerificationError,
  type VerifiedCertificate,
  verifyCertificate,
} from '#trust';
import { failed, type Proof, type ProofName, proofsOf, proofsWithout, type StatusFinding } from './proofs.ts';

/** Whom to trust, as of when, and what is demanded of a certificate. */
export interface Demands {
  /** The verified statement of a region that is trusted; undefined for any other. */
  readonly statementOf: (region: string) => RegionStatement | undefined;
  /** Milliseconds. */
  readonly now: number;
  readonly types: CertificateTypes;
  /** The type that it must be of; any when absent. */
  readonly typeCode?: string | undefined;
  /** The proof that its holder must give. */
  readonly binding?: BindingDemand | undefined;
  /** How its issuer says that it stands; undefined when nobody is asked. */
  readonly statusOf?: ((verified: VerifiedCertificate) => Promise<StatusFinding>) | undefined;
}

/** What an examination found. */
export interface Examination {
  readonly proofs: readonly Proof[];
  /** The certificate, when it is genuine, in date or not; otherwise `fault` says why it is not. */
  readonly verified?: VerifiedCertificate;
  readonly fault?: VerificationError;
}

/** Which of the proofs a fault of the verification speaks against; all others are about the signature. */
const FAULTS: ReadonlyMap<string, ProofName> = new Map([
  ['CERTIFICATE_ISSUER', 'issuer'],
  ['CERTIFICATE_DISCLOSURE', 'disclosures'],
  ['CERTIFICATE_MALFORMED', 'content'],
  ['CERTIFICATE_IDENTIFIER', 'content'],
  ['CERTIFICATE_TYPE', 'content'],
  ['CERTIFICATE_BINDING', 'binding'],
  ['CERTIFICATE_BINDING_MISSING', 'binding'],
  ['CERTIFICATE_BINDING_STALE', 'binding'],
]);

/** What does not depend on what was disclosed. */
const STAND_OPEN: ReadonlySet<ProofName> = new Set(['signature', 'issuer', 'validity', 'status']);

/**
 * Examines a certificate and says of each thing whether it is proved (核验). A fault is a finding here and no error; what is proved in
 * spite of it is said too.
 *
 * @param file what is known of the file that held it
 */
export async function examineCertificate(text: string, demands: Demands, file?: Proof): Promise<Examination> {
  const { statementOf, now, types, typeCode, binding, statusOf } = demands;
  try {
    const verified = verifyCertificate(text, {
      statementOf,
      now,
      types,
      ...(typeCode !== undefined && { typeCode }),
      ...(binding && { binding }),
    });
    return { verified, proofs: proofsOf(verified, await statusOf?.(verified), file) };
  } catch (fault) {
    if (!(fault instanceof VerificationError)) throw fault;
    return disproved(text, demands, file, fault);
  }
}

/** What the text of a QR code of ours holds: a certificate, or only a reference (查验码), which proves nothing by itself. */
export type QrContent =
  | { readonly kind: 'certificate'; readonly text: string }
  | { readonly kind: 'reference'; readonly region: string };

/**
 * Reads the text of a QR code.
 *
 * @throws VerificationError CERTIFICATE_REFERENCE when it is anything else, such as a web address, which is never opened;
 *   CERTIFICATE_MALFORMED for a certificate that is broken
 */
export function readQr(qr: string): QrContent {
  const text = qr.trim();
  if (isPaperCertificate(text)) return { kind: 'certificate', text: readPaperCertificate(text) };
  const read = parseCertificateReference(text);
  if (read.ok) return { kind: 'reference', region: read.value.region };
  throw new VerificationError('CERTIFICATE_REFERENCE', `the text of the QR code ${read.reason}`);
}

/** What was found when what holds a certificate is not as it should be. */
export function refused(name: 'content' | 'file', fault: VerificationError): Examination {
  return { fault, proofs: proofsWithout(failed(name, fault)) };
}

/** What is proved although something is wrong: what verifies when less is looked at. */
async function disproved(
  text: string,
  demands: Demands,
  file: Proof | undefined,
  fault: VerificationError,
): Promise<Examination> {
  const name = FAULTS.get(fault.code) ?? 'signature';
  const less = lesser(text, demands, name);
  const rest = less && (await examineCertificate(less.text, less.demands, file));
  const proofs = rest?.verified ? rest.proofs : [];
  const kept = name === 'disclosures' ? proofs.filter(({ name: other }) => STAND_OPEN.has(other)) : proofs;
  return { fault, proofs: proofsWithout(failed(name, fault), [...kept, ...(file ? [file] : [])]) };
}

/** The same certificate without what was found wrong. */
function lesser(text: string, demands: Demands, name: ProofName): { text: string; demands: Demands } | undefined {
  if (name === 'disclosures')
    return { text: text.slice(0, text.indexOf('~') + 1), demands: { ...demands, binding: undefined } };
  if (name === 'binding')
    return { text: text.slice(0, text.lastIndexOf('~') + 1), demands: { ...demands, binding: undefined } };
  if (name === 'content' && demands.typeCode !== undefined)
    return { text, demands: { ...demands, typeCode: undefined } };
  return undefined;
}
