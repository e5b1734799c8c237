import { CodedError, TYP } from '#proto';
import type { RegionStatement } from '../../region/statement.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../testing/index.ts';
import { issueCertificate, type VerifiedCertificate, verifyCertificate } from '../certificate.ts';
import type { CertificateContent } from '../content.ts';
import { issueSdJwt } from '../sd-jwt/issue.ts';
import { builtInCertificateTypes } from '../types/types.ts';
import { writeClaims } from '../write-claims.ts';
import { exampleContent, FOOD_LICENCE, ISSUED_AT } from './example-content.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;
/** From when the regions and their keys are there. */
export const KEYS_FROM = ISSUED_AT - 10 * DAY_MS;

/** A region that issues certificates and another that trusts it. */
export interface TwoRegions {
  readonly uxin: ThrowawayRegion;
  readonly nantong: ThrowawayRegion;
  readonly statementOf: (code: string) => RegionStatement | undefined;
  /** Verifies a day after issuing, unless told. */
  verify(text: string, now?: number): VerifiedCertificate;
  /** What `uxin` finds wrong with a content, as `pointer code`. */
  problemsOf(content: CertificateContent): Promise<string[]>;
  /** Signs whatever claims, as only a broken or dishonest issuer would; an undefined one is left out. */
  forge(changes: Record<string, unknown>, hide?: readonly string[]): Promise<string>;
}

export async function twoRegions(): Promise<TwoRegions> {
  const uxin = await throwawayRegion('150626', { now: KEYS_FROM });
  const nantong = await throwawayRegion('320600', { now: KEYS_FROM });
  const statementOf = (code: string) => [uxin, nantong].find(({ region }) => region === code)?.statement;
  return {
    uxin,
    nantong,
    statementOf,
    verify: (text, now = ISSUED_AT + DAY_MS) => verifyCertificate(text, { statementOf, now }),
    problemsOf: async (content) => {
      const failure = await issueCertificate(uxin.certificate, content, ISSUED_AT).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure === undefined) return [];
      if (!(failure instanceof CodedError) || failure.code !== 'VALIDATION_FAILED') throw failure;
      return failure.problems.map(({ pointer, code }) => `${pointer} ${code}`);
    },
    forge: (changes, hide = []) => {
      const type = builtInCertificateTypes.get(FOOD_LICENCE)!;
      const { claims, concealed } = writeClaims(exampleContent(), type, ISSUED_AT);
      const merged = Object.fromEntries(
        Object.entries({ ...claims, ...concealed, ...changes }).filter(([, value]) => value !== undefined),
      );
      return issueSdJwt(uxin.certificate, TYP.certificate, merged, { disclosable: hide.map((name) => `/${name}`) });
    },
  };
}

/** Code of what an action throws; `none` when it does not. */
export function codeOf(act: () => unknown): string {
  return catchCoded(act)?.code ?? 'none';
}

/** What an action throws; undefined when it does not. */
export function catchCoded(act: () => unknown): CodedError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}
