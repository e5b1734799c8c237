import { signatureOid, signWith, TEST_NOW, type TestSigner } from './certificates.ts';
import { bits, generalizedTime, integer, nothing, octets, oid, sequence, tagged, utcTime, yes } from './der.ts';
import { runWith } from './openssl.ts';

export interface TestRevocationListOptions {
  /** Certificates that were revoked, and when in milliseconds. */
  readonly revoked?: readonly { readonly signer: TestSigner; readonly at: number; readonly invalidSince?: number }[];
  /** Milliseconds. */
  readonly thisUpdate?: number;
  /** Null to leave it out. */
  readonly nextUpdate?: number | null;
  /** Extensions as DER. */
  readonly extensions?: readonly Buffer[];
  /** Who signs, if it is not the issuer. */
  readonly signedBy?: TestSigner;
}

export const DAY_MS = 24 * 60 * 60 * 1000;

/** A list of revoked certificates (CRL) as their issuer signs it, DER. */
export function testRevocationList(issuer: TestSigner, options: TestRevocationListOptions = {}): Buffer {
  const { revoked = [], thisUpdate = TEST_NOW - DAY_MS, nextUpdate = TEST_NOW + DAY_MS, extensions = [] } = options;
  const by = options.signedBy ?? issuer;
  const algorithm = sequence(oid(signatureOid(by)), ...(by.kind === 'rsa' ? [nothing()] : []));
  const entries = revoked.map(({ signer, at, invalidSince }) =>
    sequence(
      integer(signer.serial),
      utcTime(at),
      ...(invalidSince === undefined ? [] : [sequence(extension('2.5.29.24', false, generalizedTime(invalidSince)))]),
    ),
  );
  const tbs = sequence(
    integer(1),
    algorithm,
    issuer.subject,
    utcTime(thisUpdate),
    ...(nextUpdate === null ? [] : [utcTime(nextUpdate)]),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    ...(extensions.length === 0 ? [] : [tagged(0, sequence(...extensions))]),
  );
  return sequence(tbs, algorithm, bits(signWith(by, tbs)));
}

/** An extension (RFC 5280, 4.2). */
export function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [yes()] : []), octets(value));
}

/** A list as the openssl command line makes it, PEM. */
export function opensslRevocationList(issuer: TestSigner, revoked: readonly TestSigner[]): Buffer {
  const at = (ms: number) => `${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`;
  const rows = revoked.map(({ serial }) => {
    const hex = serial.toString('hex').toUpperCase();
    return `R\t${at(TEST_NOW + DAY_MS)}\t${at(TEST_NOW - 2 * DAY_MS)}\t${hex}\tunknown\t/CN=x\n`;
  });
  const digest = issuer.kind === 'sm2' ? 'sm3' : 'sha256';
  const files = {
    'ca.conf': `[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=${digest}\ndefault_crl_days=30\n`,
    index: rows.join(''),
    number: '01\n',
    'ca.pem': issuer.pem,
    'key.pem': issuer.keyPem,
  };
  const id = issuer.kind === 'sm2' ? ['-sigopt', 'distid:1234567812345678'] : [];
  const named = ['-config', 'ca.conf', '-cert', 'ca.pem', '-keyfile', 'key.pem', '-out', 'out'];
  const { ok, said, out } = runWith(files, 'openssl', 'ca', '-gencrl', ...named, ...id);
  if (!ok) throw new Error(said);
  return out;
}
