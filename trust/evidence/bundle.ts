import { CodedError, LIMITS } from '#proto';
import { type VerifiedAgreement, verifyAgreement } from '../authorization/verify.ts';
import { VerificationError } from '../errors.ts';
import { type RegionStatement, verifyStatement } from '../region/statement.ts';
import { suiteOf } from '../suites.ts';
import { type BundleContext, checkBundleEnvelope, type ProvenEnvelope } from './bundle-envelope.ts';
import { type EvidenceBundle, parseBundle } from './bundle-format.ts';
import { type BundleReport, Findings } from './bundle-report.ts';
import { verifyCheckpoint } from './checkpoint.ts';

export interface BundleOptions {
  /** Milliseconds: a bundle that claims to be exported after this moment is at fault. */
  readonly now?: number;
}

/**
 * Verifies an evidence bundle (存证包) offline: nothing but the bundle and the statements that the verifier got
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
  const checkpoint = findings.attempt('checkpoint', 'checkpoint', () => checkCheckpoint(bundle, trusted));
  const proven = checkEnvelopes(bundle, trusted, authorizations, checkpoint, findings);
  if (proven.length === bundle.envelopes.length) findings.attempt('order', 'envelopes', () => checkOrder(proven));
  return findings.report(bundle, proven);
}

function checkExportTime(bundle: EvidenceBundle, now = Number.MAX_SAFE_INTEGER): void {
  if (bundle.exported_at > now + LIMITS.sealSkewMs)
    throw new VerificationError('BUNDLE_INVALID', 'the bundle claims to be exported in the future; check the clock');
}

/** Embedded statements prove nothing; but one that contradicts a trusted one is worth saying, and a forged one a fault. */
async function checkEmbeddedStatements(
  bundle: EvidenceBundle,
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

function checkAuthorizations(
  bundle: EvidenceBundle,
  trusted: ReadonlyMap<string, RegionStatement>,
  findings: Findings,
): Map<string, VerifiedAgreement> {
  findings.reached('authorizations');
  const byDigest = new Map<string, VerifiedAgreement>();
  bundle.authorizations.forEach((document, index) => {
    findings.attempt('authorizations', `authorizations/${index}`, () => {
      const agreement = verifyAgreement(JSON.stringify(document), (region) => trusted.get(region), {
        signatures: 'complete',
      });
      byDigest.set(agreement.digest.toString('base64url'), agreement);
    });
  });
  return byDigest;
}

function checkCheckpoint(
  bundle: EvidenceBundle,
  trusted: ReadonlyMap<string, RegionStatement>,
): BundleContext['checkpoint'] {
  const exporter = statementOf(trusted, bundle.exported_by);
  // Checkpoints are signed with Ed25519, so the log is hashed with the hash of that suite.
  return { ...verifyCheckpoint(bundle.checkpoint, exporter, bundle.exported_at), hash: suiteOf('Ed25519').hash };
}

function checkEnvelopes(
  bundle: EvidenceBundle,
  trusted: ReadonlyMap<string, RegionStatement>,
  authorizations: BundleContext['authorizations'],
  checkpoint: BundleContext['checkpoint'],
  findings: Findings,
): ProvenEnvelope[] {
  const context: BundleContext = {
    case: bundle.case,
    exportedBy: bundle.exported_by,
    statementOf: (region) => statementOf(trusted, region),
    checkpoint,
    authorizations,
  };
  const proven: ProvenEnvelope[] = [];
  bundle.envelopes.forEach((envelope, index) => {
    const result = checkBundleEnvelope(envelope, context, (part, check) =>
      findings.attempt(part, `envelopes/${index}/${part}`, check),
    );
    if (!result) return;
    if (result.erased)
      findings.note(`envelopes/${index}`, 'payload-erased', 'the payload was erased; the header still stands proved');
    proven.push(result);
  });
  return proven;
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
