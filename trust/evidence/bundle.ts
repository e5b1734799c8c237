import type { X509Certificate } from 'node:crypto';
import { CodedError, LIMITS } from '#proto';
import { VerificationError } from '../errors.ts';
import { type RegionStatement, verifyStatement } from '../region/statement.ts';
import { type AgeProof, LogAges } from './bundle-age.ts';
import { checkAuthorizations, checkSigners } from './bundle-authorizations.ts';
import { checkExchange } from './bundle-check.ts';
import { type CaseContext, checkBundleEnvelope, type ProvenEnvelope } from './bundle-envelope.ts';
import { CHECK_FORMAT, type CheckEvidence, type EvidenceBundle, parseBundle } from './bundle-format.ts';
import type { BundleContext } from './bundle-parts.ts';
import { type BundleReport, Findings } from './bundle-report.ts';
import { verifyCheckpoint } from './checkpoint.ts';

export interface BundleOptions {
  /** Milliseconds: a bundle that claims to be exported after this moment is at fault. */
  readonly now?: number;
  /** Timestamp authorities that the verifier trusts; without any no timestamp counts. */
  readonly authorities?: readonly X509Certificate[];
}

type AnyBundle = EvidenceBundle | CheckEvidence;

/**
 * Verifies an evidence bundle (存证包) of a case or of a check offline: nothing but the bundle and the statements that the verifier got
 * elsewhere. Never throws for a bad bundle; everything that is wrong is in the report.
 *
 * @param statements verified statements that the verifier trusts for reasons of its own; of several of one region the
 *   one with the highest serial counts
 */
export async function verifyBundle(
  bundleText: string,
  statements: readonly RegionStatement[],
  options: BundleOptions = {},
): Promise<BundleReport> {
  const findings = new Findings();
  const bundle = parseBundle(bundleText);
  if (Array.isArray(bundle)) {
    for (const { pointer, message } of bundle)
      findings.fault('format', pointer.slice(1), new VerificationError('BUNDLE_INVALID', message));
    return findings.report(undefined, []);
  }
  findings.attempt('format', 'exported_at', () => checkExportTime(bundle, options.now));
  const bySerial = statements.toSorted((a, b) => a.serial - b.serial);
  const trusted = new Map(bySerial.map((statement) => [statement.region, statement]));
  await checkEmbeddedStatements(bundle, trusted, findings);
  const authorizations = checkAuthorizations(bundle, trusted, findings);
  const { checkpoint, ages } = checkLog(bundle, trusted, options.authorities ?? [], findings);
  const context: BundleContext = {
    exportedBy: bundle.exported_by,
    statementOf: (region) => statementOf(trusted, region),
    authorizations,
    checkpoint,
    ages,
  };
  if (bundle.format === CHECK_FORMAT) {
    const attempt: Parameters<typeof checkExchange>[2] = (part, where, check) => findings.attempt(part, where, check);
    const { messages, check } = checkExchange(bundle, context, attempt);
    for (const side of messages.filter(({ payload }) => payload === undefined).map((one) => one.side))
      findings.note(side, 'payload-erased', 'the payload is not here; the header still stands proved');
    for (const { side, age } of messages.filter(({ isOld }) => isOld))
      findings.note(`${side}/seal`, 'revoked-key', `its key was revoked later; ${standing(age!)}`);
    checkSigners(bundle, trusted, messages, findings);
    return findings.reportCheck(bundle, check);
  }
  const proven = checkEnvelopes(bundle, { ...context, case: bundle.case }, findings);
  if (proven.length === bundle.envelopes.length) findings.attempt('order', 'envelopes', () => checkOrder(proven));
  checkSigners(bundle, trusted, proven, findings);
  return findings.report(bundle, proven);
}

function checkExportTime(bundle: AnyBundle, now = Number.MAX_SAFE_INTEGER): void {
  if (bundle.exported_at > now + LIMITS.sealSkewMs)
    throw new VerificationError('BUNDLE_INVALID', 'the bundle claims to be exported in the future; check the clock');
}

/** Embedded statements prove nothing; but one that contradicts a trusted one is worth saying, and a forged one a fault. */
async function checkEmbeddedStatements(
  bundle: AnyBundle,
  trusted: ReadonlyMap<string, RegionStatement>,
  findings: Findings,
): Promise<void> {
  findings.reached('statements');
  for (const [index, jwt] of bundle.statements.entries()) {
    const where = `statements/${index}`;
    try {
      const embedded = await readStatement(jwt);
      const known = trusted.get(embedded.region);
      if (known && known.identity !== embedded.identity) throw new VerificationError('FINGERPRINT_MISMATCH');
      if (known?.jwt !== jwt) findings.note(where, 'statement-differs', differs(embedded, known));
    } catch (error) {
      findings.fault('statements', where, error);
    }
  }
}

/** Reads a statement that anybody may have written: whatever goes wrong, it is the statement's fault. */
async function readStatement(jwt: string): Promise<RegionStatement> {
  try {
    return await verifyStatement(jwt);
  } catch (error) {
    throw error instanceof CodedError
      ? error
      : new VerificationError('STATEMENT_INVALID', undefined, [], { cause: error });
  }
}

function differs(embedded: RegionStatement, known: RegionStatement | undefined): string {
  if (!known) return `no statement of region ${embedded.region} was given; the embedded one is not trusted`;
  return `serial ${embedded.serial} of region ${embedded.region} is embedded; the given serial ${known.serial} was used`;
}

/** The checkpoint, and how old the log under it is. Under a revoked log key it stands if others saw it before. */
function checkLog(
  bundle: AnyBundle,
  trusted: ReadonlyMap<string, RegionStatement>,
  authorities: readonly X509Certificate[],
  findings: Findings,
): Pick<BundleContext, 'checkpoint' | 'ages'> {
  const { exported_by: exportedBy, exported_at: exportedAt, checkpoint: note } = bundle;
  findings.reached('witnessed');
  let ages: LogAges | undefined;
  const checkpoint = findings.attempt('checkpoint', 'checkpoint', () => {
    const exporter = statementOf(trusted, exportedBy);
    const state = verifyCheckpoint(note, exporter);
    ages = LogAges.of(bundle, state, { exportedBy, statementOf: (region) => trusted.get(region), authorities });
    return verifyCheckpoint(note, exporter, exportedAt, ages.ofLeaf(state.size - 1)?.at);
  });
  const said = new Set<string>();
  for (const { where, error } of ages?.findings ?? []) {
    if (typeof error !== 'string') findings.fault('witnessed', where, error);
    else if (!said.has(error)) findings.note(where, 'not-counted', error);
    said.add(String(error));
  }
  return { checkpoint, ages };
}

function checkEnvelopes(bundle: EvidenceBundle, context: CaseContext, findings: Findings): ProvenEnvelope[] {
  const proven: ProvenEnvelope[] = [];
  bundle.envelopes.forEach((envelope, index) => {
    const result = checkBundleEnvelope(envelope, context, (part, check) =>
      findings.attempt(part, `envelopes/${index}/${part}`, check),
    );
    if (!result) return;
    if (result.erased)
      findings.note(
        `envelopes/${index}`,
        'payload-erased',
        'the payload was erased or left out; the header still stands proved',
      );
    for (const { part, proof } of result.old)
      findings.note(`envelopes/${index}/${part}`, 'revoked-key', `its key was revoked later; ${standing(proof)}`);
    proven.push(result);
  });
  return proven;
}

function standing({ kind, by, at }: AgeProof): string {
  const words = { receipt: 'the receipt', witness: 'the countersignature', timestamp: 'a timestamp' }[kind];
  return `it stands on ${words} of ${by} from ${new Date(at).toISOString()}`;
}

/**
 * The ids are unique, and each sender's numbers run from 1 without gaps: nothing between the first and the last was
 * left out. A verdict SEQUENCE_USED consumes no number.
 */
function checkOrder(proven: readonly ProvenEnvelope[]): void {
  if (new Set(proven.map(({ header }) => header.id)).size !== proven.length)
    throw new VerificationError('ID_REUSED', 'two envelopes of the bundle have the same id');
  const bySender = Map.groupBy(
    proven.filter(({ receipt }) => receipt.code !== 'SEQUENCE_USED'),
    ({ header }) => header.sender,
  );
  for (const [sender, sent] of bySender) {
    const numbers = sent.map(({ header }) => header.sequence).sort((a, b) => a - b);
    const wrong = numbers.findIndex((number, index) => number !== index + 1);
    if (wrong >= 0)
      throw new VerificationError(
        'BUNDLE_INVALID',
        `the envelopes of region ${sender} do not count 1, 2, 3: ${wrong + 1} is missing or ${numbers[wrong]} stands twice`,
      );
  }
}

function statementOf(trusted: ReadonlyMap<string, RegionStatement>, region: string): RegionStatement {
  const statement = trusted.get(region);
  if (!statement)
    throw new VerificationError('KEY_UNKNOWN', `no statement of region ${region} was given; pass it to the verifier`);
  return statement;
}
