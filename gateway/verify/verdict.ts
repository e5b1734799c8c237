/** What people read, in both languages. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** `proven`; `open`: not proved here, and not refuted; `failed`: proved not to hold. */
export type ProofResult = 'proven' | 'open' | 'failed';

/** One thing that was looked at (一项核验), each for itself. */
export interface Proof extends Words {
  readonly name: ProofName;
  readonly result: ProofResult;
}

export type ProofName = 'file' | 'signature' | 'issuer' | 'status' | 'validity' | 'holder' | 'print' | 'seal';

/** A line of what the certificate or file shows. */
export interface ShownRow extends Words {
  readonly value: string;
}

/** Something that was found in a department's own file. */
export interface ShownFinding extends Words {
  readonly code: string;
  readonly weight: string;
  readonly where: string;
}

/** What the page shows of one verification. */
export interface PublicVerdict {
  /** What was read: a QR code's reference, a certificate as text, file or on paper, our PDF, a notice of a case, a department's own file. */
  readonly kind: 'reference' | 'certificate' | 'paper' | 'pdf' | 'notice' | 'document';
  /** `good`: genuine and in force; `caution`: something is not proved; `bad`: do not accept it. */
  readonly tone: 'good' | 'caution' | 'bad';
  readonly conclusion: Words;
  readonly proofs: readonly Proof[];
  readonly rows: readonly ShownRow[];
  /** Whether names and numbers of the rows are masked (已脱敏). */
  readonly masked: boolean;
  readonly findings: readonly ShownFinding[];
  /** Milliseconds. */
  readonly checkedAt: number;
}

export function proof(name: ProofName, result: ProofResult, zh: string, en: string): Proof {
  return { name, result, zh, en };
}

/** Rows of what is there; what is absent has none. */
export function rowsOf(...rows: readonly (readonly [zh: string, en: string, value: string | undefined])[]): ShownRow[] {
  return rows.flatMap(([zh, en, value]) => (value === undefined || value === '' ? [] : [{ zh, en, value }]));
}
