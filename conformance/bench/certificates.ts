import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { mintCertificateIdentifier } from '#proto';
import {
  type CertificateContent,
  issueCertificate,
  issueStatement,
  localSigner,
  type RegionStatement,
  readJws,
  type Signer,
  SUITE_NAMES,
  type SuiteName,
  suiteOf,
  verifyCertificate,
  verifyStatement,
} from '#trust';
import { median } from './statistics.ts';

/** How much is measured. */
export interface CertificateEffort {
  readonly rounds: number;
  /** Milliseconds of each part of a round. */
  readonly partMs: number;
  /** Verifications over which the memory is watched. */
  readonly verifications: number;
}

/** Rates a second of processor time, medians of the rounds; a ratio is the median of the ratios of each round. */
export interface CertificateFigures {
  readonly verify_per_s: number;
  readonly bare_verify_per_s: number;
  readonly verify_ratio: number;
  readonly issue_per_s: number;
  readonly bare_sign_per_s: number;
  readonly issue_ratio: number;
}

const ISSUER = '150626';
const TYPE = '11100000MB0143028R032';
const AUTHORITY = { name: '乌审旗市场监督管理局', code: '11150626MB00000014' };
const DAY_MS = 24 * 60 * 60 * 1000;
/** Certificates that take turns, so that nothing is measured that only one would find at hand. */
const CERTIFICATES = 64;
const WARM_UP_MS = 1000;
/** Milliseconds of one part at a time: so short that whatever else the machine does slows all parts down alike. */
const TURN_MS = 50;
/** Operations between two looks at the clock. */
const BURST = 5;
setFlagsFromString('--expose-gc');
/** V8's garbage collection. */
const clearAway: NodeJS.GCFunction = runInNewContext('gc');
const PARTS = ['verify', 'bareVerify', 'issue', 'bareSign'] as const;

/**
 * Measures offline verification and issuing of certificates beside the bare signature operation of the same suite, in
 * turns, in this process.
 *
 * @param now milliseconds; the moment at which everything is signed and judged
 */
export async function measureCertificates(
  { rounds, partMs }: CertificateEffort,
  now: number,
): Promise<Record<SuiteName, CertificateFigures>> {
  const figures = {} as Record<SuiteName, CertificateFigures>;
  for (const suite of SUITE_NAMES) {
    const parts = await partsOf(suite, now);
    const rates = { verify: [], bareVerify: [], issue: [], bareSign: [] } as Record<keyof typeof parts, number[]>;
    // Code that never ran is slow.
    for (const name of PARTS) await work(parts[name], WARM_UP_MS);
    for (let round = 1; round <= rounds; round += 1) {
      const done = { verify: 0, bareVerify: 0, issue: 0, bareSign: 0 };
      const ms = { ...done };
      while (PARTS.some((name) => ms[name] < partMs))
        for (const name of PARTS) {
          const turn = await work(parts[name], TURN_MS);
          done[name] += turn.done;
          ms[name] += turn.ms;
        }
      for (const name of PARTS) rates[name].push((done[name] * 1000) / ms[name]);
    }
    const ratio = (of: readonly number[], to: readonly number[]) => median(of.map((rate, round) => rate / to[round]!));
    figures[suite] = {
      verify_per_s: Math.round(median(rates.verify)),
      bare_verify_per_s: Math.round(median(rates.bareVerify)),
      verify_ratio: Number(ratio(rates.verify, rates.bareVerify).toFixed(3)),
      issue_per_s: Math.round(median(rates.issue)),
      bare_sign_per_s: Math.round(median(rates.bareSign)),
      issue_ratio: Number(ratio(rates.issue, rates.bareSign).toFixed(3)),
    };
  }
  return figures;
}

/** How many bytes this process grows while it verifies certificates, after a tenth of them. */
export async function measureCertificateMemory({ verifications }: CertificateEffort, now: number): Promise<number> {
  const { verify } = await partsOf('ES256', now);
  let before = 0;
  for (let done = 0; done < verifications; done += 1) {
    verify(done);
    if (done === Math.floor(verifications / 10)) before = process.memoryUsage.rss();
  }
  return process.memoryUsage.rss() - before;
}

async function partsOf(suite: SuiteName, now: number) {
  const { certificate, statement } = await issuerOf(suite, now);
  const contents = Array.from({ length: CERTIFICATES }, (_, index) => contentOf(index + 1, now));
  const texts: string[] = [];
  for (const content of contents) texts.push(await issueCertificate(certificate, content, now));
  const signed = texts.map((text) => {
    const { input, signature } = readJws(text.slice(0, text.indexOf('~')));
    return { input: Buffer.from(input), signature: Buffer.from(signature, 'base64url') };
  });
  const key = statement.keys.find(({ kid }) => kid === certificate.kid)!.key;
  const { verify } = suiteOf(suite);
  const statementOf = (region: string) => (region === ISSUER ? statement : undefined);
  return {
    verify: (turn: number) => verifyCertificate(texts[turn % CERTIFICATES]!, { statementOf, now }),
    bareVerify: (turn: number) => {
      const { input, signature } = signed[turn % CERTIFICATES]!;
      if (!verify(key, input, signature)) throw new Error('a signature of the benchmark does not verify');
    },
    // The contents are made before: minting an identifier is no part of issuing.
    issue: (turn: number) => issueCertificate(certificate, contents[turn % CERTIFICATES]!, now),
    bareSign: (turn: number) => certificate.sign(signed[turn % CERTIFICATES]!.input),
  };
}

/**
 * Does an operation again and again, and tells the milliseconds of processor time that it took, with clearing away what
 * it left: otherwise that falls to whichever part fills the memory next, and a bare operation leaves much for others.
 */
async function work(operation: (turn: number) => unknown, forMs: number): Promise<{ done: number; ms: number }> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  let done = 0;
  while (performance.now() - began < forMs) {
    for (let count = 0; count < BURST; count += 1) {
      const result = operation(done + count);
      if (result instanceof Promise) await result;
    }
    done += BURST;
  }
  clearAway({ type: 'minor' });
  const { user, system } = process.cpuUsage(before);
  return { done, ms: (user + system) / 1000 };
}

/** A region with the keys that it needs here. */
async function issuerOf(suite: SuiteName, now: number): Promise<{ certificate: Signer; statement: RegionStatement }> {
  const [identity, signing, certificate] = [await newSigner(suite), await newSigner(suite), await newSigner(suite)];
  const valid = { notBefore: now - DAY_MS, notAfter: now + DAY_MS };
  const jwt = await issueStatement(identity, {
    region: ISSUER,
    name: '乌审旗',
    serial: 1,
    issuedAt: now,
    expiresAt: now + DAY_MS,
    endpoint: '127.0.0.1:7443',
    keys: [
      { purpose: 'signing', jwk: signing.publicJwk, ...valid },
      { purpose: 'certificate', jwk: certificate.publicJwk, ...valid },
    ],
    tls: [],
  });
  return { certificate, statement: await verifyStatement(jwt) };
}

function newSigner(suite: SuiteName): Promise<Signer> {
  const { privateKey, publicKey } = suiteOf(suite).generate();
  return localSigner(suite, privateKey, publicKey);
}

/** A food business licence (食品经营许可证) of a synthetic company. */
function contentOf(number: number, now: number): CertificateContent {
  const serial = `2026${String(number).padStart(6, '0')}`;
  const minted = mintCertificateIdentifier({ typeCode: TYPE, issuerCode: AUTHORITY.code, serial, version: '001' });
  if (!minted.ok) throw new Error(minted.reason);
  return {
    identifier: minted.value,
    typeCode: TYPE,
    number: `JY1150626${serial}`,
    name: '食品经营许可证',
    region: ISSUER,
    authority: AUTHORITY,
    holder: { name: '示例餐饮有限公司', documentType: 'social-credit-code', number: '91150626MA0000001R' },
    validFrom: now,
    validUntil: now + 5 * 365 * DAY_MS,
    issuedAt: now,
    item: 'EX018',
    caseNumber: 'WS20261120-0001',
    fields: {
      legal_representative: '阿不都·示例',
      residence: '乌审旗示例街1号',
      business_premises: '乌审旗示例街1号',
      business_form: '餐饮服务经营者',
      business_items: '热食类食品制售',
      complaint_line: '12315',
    },
  };
}
