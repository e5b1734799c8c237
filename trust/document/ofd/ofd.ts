import { digest, type HashName, hashNamed, noteWeakness } from '../crypto/algorithms.ts';
import { parseTime } from '../crypto/asn1.ts';
import { DocumentFault, DocumentFindings } from '../findings.ts';
import { DOCUMENT_LIMITS } from '../limits.ts';
import type { SealReport } from '../report.ts';
import { readCms } from '../seal/cms.ts';
import type { JudgedSeal, JudgingContext, SealedContent } from '../seal/context.ts';
import { looksLikeESeal, readESealSignature } from '../seal/e-seal.ts';
import { judgeCms } from '../seal/judge-cms.ts';
import { judgeESeal } from '../seal/judge-e-seal.ts';
import { type OfdSignature, type OfdSignatureContent, readSignatureFile, readStructure } from './structure.ts';
import { readZip, type ZipContainer } from './zip.ts';

/** One signature and the files that belong to it alone. */
interface Described {
  readonly signature: OfdSignature;
  readonly bytes: Buffer;
  readonly content: OfdSignatureContent;
}

/** DER of a short `SEQUENCE { INTEGER`, as a bare SM2 or ECDSA signature begins. */
const BARE_SIGNATURE = /^30[0-7][0-9a-f]02/;

/**
 * Examines an OFD (GB/T 33190) as its maker sealed it.
 *
 * @throws DocumentFault when the container or its structure is not acceptable
 */
export function examineOfd(bytes: Buffer, context: JudgingContext, findings: DocumentFindings): SealReport[] {
  const zip = readZip(bytes);
  // Every file is unpacked once, so that none with a wrong checksum passes because nobody sealed it.
  for (const name of zip.names) zip.read(name);
  const { lists, signatures } = readStructure(zip);
  const digestOf = digestsOf(zip);
  const described = signatures.map((signature): Described => {
    const own = zip.read(signature.file);
    return { signature, bytes: own, content: readSignatureFile(own, signature.file) };
  });
  const ofSeals = new Set([
    ...lists,
    ...described.flatMap(({ signature, content }) => [signature.file, content.valueFile, content.sealFile ?? '']),
  ]);
  const contents = zip.names.filter((name) => !ofSeals.has(name));
  const covered = new Set<string>();
  const seals = described.map((one) => {
    const part = new DocumentFindings();
    const report = judge(one, zip, contents, digestOf, context, part);
    findings.addAll(part);
    for (const { file } of one.content.references) covered.add(file);
    return report;
  });
  if (seals.length > 0)
    for (const name of contents.filter((name) => !covered.has(name))) findings.add('file-not-covered', name);
  return seals;
}

function judge(
  { signature, bytes, content }: Described,
  zip: ZipContainer,
  contents: readonly string[],
  digestOf: (file: string, hash: HashName) => Buffer,
  context: JudgingContext,
  findings: DocumentFindings,
): SealReport {
  const where = signature.file;
  judgeReferences(content, zip, digestOf, where, findings);
  const judged = findings.attempt(where, () => judgeValue(bytes, content, zip, context, where, findings));
  const covered = new Set(content.references.map(({ file }) => file));
  const uncovered = contents.filter((name) => !covered.has(name));
  return {
    place: where,
    form: judged?.form ?? 'unknown',
    state: findings.has('refused', 'altered') ? 'altered' : findings.has('unproven') ? 'unproven' : 'intact',
    trusted: judged?.signer?.trusted === true && (judged.seal === undefined || judged.seal.maker?.trusted === true),
    signer: judged?.signer,
    seal: judged?.seal,
    algorithm: judged?.algorithm ?? '',
    signedAt: judged?.signedAt,
    timeFrom: judged?.timeFrom ?? 'signer',
    covers: uncovered.length === 0 ? 'whole' : 'part',
    uncovered: uncovered.slice(0, DOCUMENT_LIMITS.uncovered),
  };
}

/** Every file that the signature protects is as it was. */
function judgeReferences(
  { checkMethod, references }: OfdSignatureContent,
  zip: ZipContainer,
  digestOf: (file: string, hash: HashName) => Buffer,
  where: string,
  findings: DocumentFindings,
): void {
  const hash = hashNamed(checkMethod);
  if (!hash) {
    findings.add(
      'algorithm-unsupported',
      where,
      `the files are protected by ${checkMethod}, which proves nothing here`,
    );
    return;
  }
  noteWeakness({ hash }, undefined, findings, where);
  for (const { file, digest: said } of references) {
    if (!zip.has(file)) findings.add('file-missing', file);
    else if (!digestOf(file, hash).equals(said)) findings.add('file-changed', file);
  }
}

/** The signature over Signature.xml: a seal, CMS, or a bare signature that names no certificate. */
function judgeValue(
  bytes: Buffer,
  { valueFile, sealFile, dateTime }: OfdSignatureContent,
  zip: ZipContainer,
  context: JudgingContext,
  where: string,
  findings: DocumentFindings,
): JudgedSeal | undefined {
  const value = zip.read(valueFile);
  const content: SealedContent = { digest: (hash) => digest(hash, bytes), bytes: () => bytes };
  const saidAt = parseTime(dateTime);
  if (looksLikeESeal(value)) {
    const seal = readESealSignature(value);
    if (sealFile !== undefined && !zip.read(sealFile).equals(seal.seal.raw)) findings.add('seal-differs', where);
    return judgeESeal(seal, content, saidAt, context, where, findings);
  }
  if (BARE_SIGNATURE.test(value.subarray(0, 3).toString('hex')))
    throw new DocumentFault('certificate-missing', 'the signature is bare: nobody can tell whose it is');
  return judgeCms(readCms(value), content, saidAt, context, where, findings);
}

/** Digests of files, each computed once however many signatures name it. */
function digestsOf(zip: ZipContainer): (file: string, hash: HashName) => Buffer {
  const known = new Map<string, Buffer>();
  return (file, hash) => {
    const key = `${hash} ${file}`;
    const found = known.get(key) ?? digest(hash, zip.read(file));
    known.set(key, found);
    return found;
  };
}
