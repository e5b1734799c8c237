import type { X509Certificate } from 'node:crypto';
import { CodedError, type ErrorCode, type Hash } from '#proto';
import { VerificationError } from '../errors.ts';
import type { RegionStatement } from '../region/statement.ts';
import { bytesOf, type EvidenceBundle, type WitnessedCheckpoint } from './bundle-format.ts';
import { type LogCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import { verifyCosignature, witnessOf } from './cosignature.ts';
import { verifyLogConsistency } from './log.ts';
import { splitNote } from './note.ts';
import { verifyTimestamp } from './timestamp.ts';

/** By when something certainly existed, and on whose word. */
export interface AgeProof {
  /** Milliseconds. */
  readonly at: number;
  readonly kind: 'receipt' | 'witness' | 'timestamp';
  /** Region code of who gave the receipt or countersigned; name of a timestamp authority. */
  readonly by: string;
}

/** One thing about the witnessed checkpoints that is worth saying. */
export interface AgeFinding {
  readonly where: string;
  /** A fault, or why something does not count. */
  readonly error: CodedError | string;
}

/** What the verifier holds the witnessed checkpoints of a bundle against. */
export interface AgeContext {
  readonly exportedBy: string;
  /** Statements that the verifier was given; undefined for a region that it does not know. */
  statementOf(region: string): RegionStatement | undefined;
  /** Timestamp authorities that the verifier trusts. */
  readonly authorities: readonly X509Certificate[];
}

type Log = LogCheckpoint & { readonly hash: Hash };
type Proofs = readonly (AgeProof & { readonly size: number })[];

/** Codes of a countersignature that may be a good one, made with a key that does not count now. */
const OTHER_KEY: ReadonlySet<ErrorCode> = new Set(['KEY_UNKNOWN', 'KEY_REVOKED', 'KEY_NOT_VALID']);

/** How old the stretches of the exporter's log are, by the words of others. */
export class LogAges {
  readonly #proofs: Proofs;
  readonly findings: readonly AgeFinding[];

  private constructor(proofs: Proofs, findings: readonly AgeFinding[]) {
    this.#proofs = proofs;
    this.findings = findings;
  }

  /**
   * Reads the witnessed checkpoints of a bundle. Each must be an earlier state of the very log whose checkpoint the
   * bundle ends with. A countersignature by the exporter itself proves nothing to anybody else, nor does one under a
   * key that was revoked, nor what the verifier has no statement or authority for: these are said and not counted.
   */
  static of({ witnessed = [] }: Pick<EvidenceBundle, 'witnessed'>, log: Log, context: AgeContext): LogAges {
    const proofs: (AgeProof & { size: number })[] = [];
    const findings: AgeFinding[] = [];
    witnessed.forEach((one, index) => {
      const where = `witnessed/${index}`;
      try {
        const { size, found, skipped } = readWitnessed(one, log, context);
        for (const proof of found) proofs.push({ ...proof, size });
        for (const why of skipped) findings.push({ where, error: why });
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        findings.push({ where, error });
      }
    });
    return new LogAges(proofs, findings);
  }

  /** The oldest proof for a leaf of the log; undefined when there is none. */
  ofLeaf(index: number): AgeProof | undefined {
    return oldest(this.#proofs.filter(({ size }) => size > index));
  }
}

/** The proof that goes back furthest. */
export function oldest(proofs: readonly (AgeProof | undefined)[]): AgeProof | undefined {
  const known = proofs.filter((proof) => proof !== undefined);
  return known.length === 0 ? undefined : known.reduce((older, proof) => (proof.at < older.at ? proof : older));
}

/**
 * @throws VerificationError CHECKPOINT_INVALID, KEY_UNKNOWN, LOG_PROOF_INVALID, TIMESTAMP_INVALID, BUNDLE_INVALID
 */
function readWitnessed(
  { checkpoint, consistency, timestamp }: WitnessedCheckpoint,
  log: Log,
  { exportedBy, statementOf, authorities }: AgeContext,
): { size: number; found: AgeProof[]; skipped: string[] } {
  const owner = statementOf(exportedBy);
  if (!owner) throw new VerificationError('KEY_UNKNOWN', `no statement of region ${exportedBy} was given`);
  const { text, lines } = splitNote(checkpoint);
  const [own = '', ...others] = lines;
  const note = `${text}\n${own}\n`;
  // When its key was valid does not matter: what counts is the word of the others, and that it is part of the log.
  const { epoch, size, root } = verifyCheckpoint(note, owner);
  if (epoch !== log.epoch) throw new VerificationError('BUNDLE_INVALID', 'the witnessed checkpoint is of another log');
  verifyLogConsistency(log.hash, size, root, log.size, log.root, consistency.map(bytesOf));
  const found: AgeProof[] = [];
  const skipped: string[] = [];
  for (const line of others) {
    const judged = judgeLine(note, line, exportedBy, statementOf);
    if (typeof judged === 'string') skipped.push(judged);
    else found.push(judged);
  }
  if (timestamp !== undefined && authorities.length === 0)
    skipped.push('no timestamp authority was given to verify by');
  else if (timestamp !== undefined) {
    const { at, authority } = verifyTimestamp(bytesOf(timestamp), Buffer.from(note), authorities);
    found.push({ at, kind: 'timestamp', by: authority });
  }
  return { size, found, skipped };
}

/** The proof that a signature line of another is, or why it does not count. */
function judgeLine(
  note: string,
  line: string,
  exportedBy: string,
  statementOf: AgeContext['statementOf'],
): AgeProof | string {
  const witness = witnessOf(line);
  if (witness === undefined)
    throw new VerificationError('CHECKPOINT_INVALID', 'a line of the checkpoint is that of no witness');
  if (witness === exportedBy) return 'the exporter countersigned its own log';
  const statement = statementOf(witness);
  if (!statement) return `no statement of region ${witness} was given; its countersignature was not judged`;
  try {
    return { at: verifyCosignature(note, line, statement).at, kind: 'witness', by: witness };
  } catch (error) {
    if (!(error instanceof CodedError) || !OTHER_KEY.has(error.code)) throw error;
    return `the countersignature of region ${witness} is by a key that does not count: ${error.code}`;
  }
}
