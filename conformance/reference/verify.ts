import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { verifyArchive } from './archive.ts';
import { type GoodCertificate, statusOf, verifyCertificate } from './certificate.ts';
import { readDefinitions } from './certificate-types.ts';
import { readStatement, type Statement } from './documents.ts';
import { type EvidenceReport, verifyEvidence } from './evidence.ts';
import { Refused } from './wire.ts';

/** The command line of the second verifier. It shares no code with the product. */

const USAGE = `用法 Usage:
  node conformance/reference/verify.ts BUNDLE STATEMENT...
  node conformance/reference/verify.ts --certificate FILE [--types FILE] [--status-list FILE] [--max-age SECONDS]
                                       [--audience URN --nonce TEXT] STATEMENT...
  node conformance/reference/verify.ts --archive FOLDER STATEMENT...      the statement of its region first
`;
/** Milliseconds: an older key binding is stale. */
const BINDING_AGE = 300_000;
const TEXT = { type: 'string' } as const;
const OPTIONS = {
  archive: TEXT,
  certificate: TEXT,
  types: TEXT,
  'status-list': TEXT,
  'max-age': TEXT,
  audience: TEXT,
  nonce: TEXT,
};

type Options = Partial<Record<keyof typeof OPTIONS, string>>;

/** 0 verified, 1 not verified, 2 called wrongly or a file cannot be read. */
type ExitCode = 0 | 1 | 2;

function bundleText({ verified, faults, notes, envelopes, check }: EvidenceReport): string {
  const lines = [
    verified ? '验证通过 Verified' : '验证未通过 NOT verified',
    ...envelopes.map(
      ({ at, from, to, type, sequence, outcome, code }) =>
        `${new Date(at).toISOString()} ${from} → ${to} #${sequence} ${type}: ${outcome === 'accepted' ? '接受 accepted' : `拒绝 rejected ${code}`}`,
    ),
    ...(check ? [`核验 check: ${JSON.stringify(check)}`] : []),
    ...notes.map((note) => `提示 note: ${note}`),
    ...faults.map(({ where, code, message }) => `问题 fault: ${where || '(bundle)'}: ${code}: ${message}`),
  ];
  return `${lines.join('\n')}\n`;
}

function verifyBundleFile(file: string, statements: readonly string[], now: number): [ExitCode, string] {
  const report = verifyEvidence(readFileSync(file, 'utf8'), statements, { now });
  return [report.verified ? 0 : 1, bundleText(report)];
}

/** Every volume of a folder: seal, chain, bundles. */
function verifyArchiveFolder(folder: string, statements: readonly string[], now: number): [ExitCode, string] {
  const { volumes, bundles, faults } = verifyArchive(folder, statements, now);
  const lines = [
    faults.length === 0 ? '验证通过 Verified' : '验证未通过 NOT verified',
    `归档卷 volumes: ${volumes}, 存证包 bundles: ${bundles}`,
    ...faults.map(({ where, code, message }) => `问题 fault: ${where}: ${code}: ${message}`),
  ];
  return [faults.length === 0 ? 0 : 1, `${lines.join('\n')}\n`];
}

function verifyCertificateFile(options: Options, statements: readonly string[], now: number): [ExitCode, string] {
  const { audience, nonce } = options;
  const given = new Map<string, Statement>();
  try {
    for (const statement of statements.map(readStatement))
      if (statement.serial >= (given.get(statement.region)?.serial ?? 0)) given.set(statement.region, statement);
    const good = verifyCertificate(readFileSync(options.certificate ?? '', 'utf8').trim(), {
      now,
      statementOf: (region) => given.get(region),
      types: options.types === undefined ? new Map() : readDefinitions(readFileSync(options.types, 'utf8')),
      ...(audience !== undefined && nonce !== undefined && { binding: { audience, nonce, maxAge: BINDING_AGE } }),
    });
    return certificateText(good, options, now);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return [1, `验证未通过 NOT verified\n问题 fault: ${error.code}: ${error.message}\n`];
  }
}

function certificateText(good: GoodCertificate, options: Options, now: number): [ExitCode, string] {
  const { issuer, kid, digest, claims, dates, definition, binding } = good;
  const { 'status-list': file, 'max-age': seconds } = options;
  const limits = { now, ...(seconds !== undefined && { maxAge: Number(seconds) * 1000 }) };
  const status = file === undefined ? 'unchecked' : statusOf(good, readFileSync(file, 'utf8').trim(), limits);
  const stands = dates === 'valid' && (status === 'valid' || status === 'unchecked');
  const lines = [
    stands ? '验证通过 Verified' : '验证未通过 NOT verified',
    `签发 issuer: ${issuer.region} ${kid}`,
    `摘要 digest: ${digest.toString('hex')}`,
    `有效期 dates: ${dates}`,
    `状态 status: ${status}`,
    `类型定义 definition: ${definition}`,
    `密钥绑定 binding: ${binding}`,
    ...Object.entries(claims).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
  ];
  return [stands ? 0 : 1, `${lines.join('\n')}\n`];
}

function main(args: readonly string[], now: number): ExitCode {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const { archive, certificate } = values;
    const [bundle, ...rest] = positionals;
    const statements = archive !== undefined || certificate !== undefined ? positionals : rest;
    if (bundle === undefined || statements.length === 0) {
      process.stderr.write(USAGE);
      return 2;
    }
    const texts = statements.map((file) => readFileSync(file, 'utf8').trim());
    const [code, text] =
      archive !== undefined
        ? verifyArchiveFolder(archive, texts, now)
        : certificate !== undefined
          ? verifyCertificateFile(values, texts, now)
          : verifyBundleFile(bundle, texts, now);
    process.stdout.write(text);
    return code;
  } catch (error) {
    process.stderr.write(
      `无法读取文件 A file cannot be read: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`,
    );
    return 2;
  }
}

process.exitCode = main(process.argv.slice(2), Date.now());
