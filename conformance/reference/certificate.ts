import { type BindingDemand, demandBinding, readBinding } from './certificate-binding.ts';
import { type CertificateClaims, fieldsOf, hiddenFields, readClaims } from './certificate-claims.ts';
import { type StatusListDemand, type StatusWord, statusIn, verifyStatusList } from './certificate-status.ts';
import { openClaims, readCertificateText } from './certificate-text.ts';
import { type Definition, demandDefined, demandPossible } from './certificate-types.ts';
import type { Statement } from './documents.ts';
import { type Claims, demandNotRevoked, demandSignature, demandValid, HASHES, URN } from './signed.ts';
import { demand, sha256 } from './wire.ts';

/** A second verifier of electronic certificates (电子证照), written from proto/README.md alone. */

const FIVE_MINUTES = 300_000;
/** `_sd_alg` of each suite. */
const HASH_NAMES = { ES256: 'sha-256', Ed25519: 'sha-256', 'SM2-SM3': 'sm3' } as const;

export interface CertificateDemand {
  /** Milliseconds. */
  readonly now: number;
  /** The statement of a region that is trusted; undefined for any other. */
  readonly statementOf: (region: string) => Statement | undefined;
  /** Definitions of types, by what `vct#integrity` says of them. */
  readonly types: ReadonlyMap<string, Definition>;
  /** The binding that the holder must give; none when absent. */
  readonly binding?: BindingDemand;
}

/** A certificate whose signature, disclosures and claims are good. */
export interface GoodCertificate {
  readonly issuer: Statement;
  readonly kid: string;
  /** SHA-256 of the issuer-signed JWT. */
  readonly digest: Buffer;
  /** Everything that stands open or was disclosed. */
  readonly claims: Claims & CertificateClaims;
  /** What the dates say. */
  readonly dates: 'valid' | 'expired' | 'not-yet-valid';
  readonly definition: 'known' | 'unknown';
  readonly binding: 'proven' | 'unchecked' | 'none';
}

/**
 * Verifies a certificate, or a presentation of it.
 *
 * @throws Refused CERTIFICATE_*, TYP_MISMATCH, KEY_*, ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID
 */
export function verifyCertificate(text: string, { now, statementOf, types, binding }: CertificateDemand) {
  const { jwt, issued, disclosures, presented, binding: bound } = readCertificateText(text);
  const { iss, iat } = issued.claims;
  const region = typeof iss === 'string' && iss.startsWith(URN) ? iss.slice(URN.length) : '';
  const issuer = statementOf(region);
  demand(issuer, 'CERTIFICATE_ISSUER', `no statement of the issuer ${String(iss)} was given`);
  demand(Number.isSafeInteger(iat), 'CERTIFICATE_MALFORMED', 'it does not say when it was signed');
  const keys = issuer.keys.filter(({ purpose }) => purpose === 'certificate');
  const key = demandSignature(issued, keys);
  const hashName = HASH_NAMES[key.suite];
  const { claims, disclosed } = openClaims(issued.claims, disclosures, HASHES[key.suite], hashName);
  const read = readClaims(claims, disclosed, region);
  const definition = types.get(read['vct#integrity'] ?? '');
  const fields = fieldsOf(claims);
  const isKnown = definition !== undefined && definition.code === read.certificate_type_name_code;
  if (isKnown) demandDefined(fields, hiddenFields(disclosed), definition);
  else demandPossible(fields);
  demandNotRevoked(key);
  demandValid(key, Number(iat) * 1000);
  const H = issued.claims['_sd_alg'] === 'sm3' ? HASHES['SM2-SM3'] : HASHES.ES256;
  const said = bound === undefined ? undefined : readBinding(bound, presented, issued.claims, H);
  if (binding) demandBinding(said, binding, now);
  const good: GoodCertificate = {
    issuer,
    kid: key.kid,
    digest: sha256(Buffer.from(jwt)),
    claims: claims as Claims & CertificateClaims,
    dates: datesOf(read, now),
    definition: isKnown ? 'known' : 'unknown',
    binding: binding ? 'proven' : said ? 'unchecked' : 'none',
  };
  return good;
}

/**
 * How a certificate stands by a status list of its issuer.
 *
 * @throws Refused STATUS_*, or a code of the signed objects
 */
export function statusOf({ issuer, claims }: GoodCertificate, list: string, demanded: StatusListDemand): StatusWord {
  const { status } = claims;
  demand(status, 'STATUS_UNKNOWN', 'the certificate names no status list');
  const { idx, uri } = status.status_list;
  return statusIn(verifyStatusList(list, issuer, uri, demanded), idx);
}

function datesOf(claims: CertificateClaims, now: number): GoodCertificate['dates'] {
  const { iat, nbf, exp = Number.POSITIVE_INFINITY, certificate_copy_expiring_time: copyEnds } = claims;
  const ends = Math.min(exp * 1000, copyEnds === undefined ? Number.POSITIVE_INFINITY : Date.parse(copyEnds));
  if (Math.max(nbf, iat) * 1000 > now + FIVE_MINUTES) return 'not-yet-valid';
  return now >= ends ? 'expired' : 'valid';
}
