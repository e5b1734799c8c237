import type { ErrorCode } from '#proto';
import type { StatusWord, VerifiedCertificate } from '#trust';

/** What can be proved of a certificate, in the order in which people read it. */
export const PROOF_NAMES = [
  'signature',
  'issuer',
  'disclosures',
  'content',
  'validity',
  'status',
  'binding',
  'file',
] as const;

export type ProofName = (typeof PROOF_NAMES)[number];

/**
 * Why something is neither proved nor wrong, beside the codes of errors. `not-judged`: something else is wrong, so that it
 * was not looked at; `not-asked`: there is a proof and nobody demanded it; `absent`: there is nothing that would prove
 * it; `definition-unknown`: the type of the certificate is not defined here.
 */
export const OPEN_REASONS = ['not-judged', 'not-asked', 'absent', 'definition-unknown'] as const;

export type OpenReason = (typeof OPEN_REASONS)[number];

/** One thing that was proved, was not, or is wrong. */
export interface Proof {
  readonly name: ProofName;
  /** `open`: not proved, and nothing speaks against it. */
  readonly outcome: 'proved' | 'open' | 'failed';
  /** Why it is not proved. */
  readonly reason?: OpenReason;
  readonly code?: ErrorCode;
  readonly message?: string;
  /** Of `status`: what the issuer decided. */
  readonly word?: StatusWord;
  /** Of `status`, milliseconds: when that was so. */
  readonly asOf?: number;
}

/** What the issuer says of a certificate as of a moment, or why that is not known. Milliseconds. */
export type StatusFinding =
  | { readonly word: StatusWord; readonly asOf: number }
  | { readonly code: ErrorCode; readonly message: string; readonly asOf?: number };

/**
 * What the verification of a certificate proved (核验结论). That it verified at all proves signature, issuer and
 * disclosures; the rest depends on it, on the time and on what is known of its status.
 *
 * @param finding undefined when nobody was asked how it stands
 * @param file of the PDF that held it
 */
export function proofsOf(
  { status, binding, definition }: Pick<VerifiedCertificate, 'status' | 'binding' | 'definition'>,
  finding: StatusFinding | undefined,
  file: Proof = open('file', 'absent'),
): Proof[] {
  return [
    proved('signature'),
    proved('issuer'),
    proved('disclosures'),
    definition === 'known' ? proved('content') : open('content', 'definition-unknown'),
    validityProof(status),
    statusProof(finding),
    binding === 'proven' ? proved('binding') : open('binding', binding === 'unchecked' ? 'not-asked' : 'absent'),
    file,
  ];
}

/** What is left when one thing is wrong: what was proved all the same, and nothing else was judged. */
export function proofsWithout(failed: Proof, others: readonly Proof[] = []): Proof[] {
  const known = new Map([...others, failed].map((proof) => [proof.name, proof]));
  return PROOF_NAMES.map((name) => known.get(name) ?? open(name, 'not-judged'));
}

/** Whether everything that was demanded is proved and nothing is wrong, demanded or not. */
export function areProved(proofs: readonly Proof[], demanded: readonly ProofName[]): boolean {
  return proofs.every(({ name, outcome }) => outcome === 'proved' || (outcome === 'open' && !demanded.includes(name)));
}

export function proved(name: ProofName): Proof {
  return { name, outcome: 'proved' };
}

export function failed(
  name: ProofName,
  { code, message }: { readonly code: ErrorCode; readonly message: string },
): Proof {
  return { name, outcome: 'failed', code, message };
}

function open(name: ProofName, reason: OpenReason): Proof {
  return { name, outcome: 'open', reason };
}

function validityProof(status: VerifiedCertificate['status']): Proof {
  if (status === 'valid') return proved('validity');
  return status === 'expired'
    ? failed('validity', { code: 'CERTIFICATE_EXPIRED', message: 'the certificate is past its date' })
    : failed('validity', { code: 'CERTIFICATE_NOT_YET_VALID', message: 'the certificate is not valid yet' });
}

function statusProof(finding: StatusFinding | undefined): Proof {
  if (!finding) return open('status', 'absent');
  if ('code' in finding) return { name: 'status', outcome: 'open', ...finding };
  if (finding.word === 'valid') return { ...proved('status'), ...finding };
  const message = `the certificate is ${finding.word}, its issuer says`;
  return { ...failed('status', { code: 'CERTIFICATE_NOT_IN_FORCE', message }), ...finding };
}
