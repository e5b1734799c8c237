import { issueAnchorConfiguration } from '../federation/anchor.ts';
import {
  ANCHOR_FILES,
  fileDigest,
  issueAnchorIndex,
  issueRevocations,
  type Revocation,
} from '../federation/anchor-index.ts';
import type { AnchorPapers } from '../federation/chain.ts';
import type { ConformanceFacts } from '../federation/conformance-result.ts';
import type { ChainConstraints } from '../federation/constraints.ts';
import { issueSubordinateStatement, type SubordinateContent } from '../federation/subordinate.ts';
import { issueTrustMark, type TrustMarkContent } from '../federation/trust-mark.ts';
import { readJws } from '../jws.ts';
import { localSigner, type Signer } from '../keys/signer.ts';
import type { RegionStatement } from '../region/statement.ts';
import { type SuiteName, suiteOf } from '../suites.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** An anchor that exists for one test, which may also say what no honest anchor says. */
export interface ThrowawayAnchor {
  readonly name: string;
  readonly identity: Signer;
  readonly location: string;
  /** What it publishes, by path, without the index. */
  readonly files: Map<string, string>;
  readonly revocations: Revocation[];
  /** Vouches for a region: its identity key and its statement. @returns the statement about it */
  vouch(statement: RegionStatement, changes?: Partial<SubordinateContent>): Promise<string>;
  /** Vouches for an anchor below it. @returns the statement about it */
  vouchBelow(anchor: ThrowawayAnchor, changes?: Partial<SubordinateContent>): Promise<string>;
  /** Gives a region a trust mark. @returns it */
  mark(region: string, changes?: Partial<TrustMarkContent>): Promise<string>;
  /** Signs the papers over the files that there are. */
  publish(changes?: Published): Promise<AnchorPapers>;
  /** Signs an index over any files. */
  indexOf(files: ReadonlyMap<string, string>, changes?: Published): Promise<string>;
}

interface Published {
  readonly serial?: number;
  /** Milliseconds. */
  readonly issuedAt?: number;
  readonly expiresAt?: number;
  readonly configurationExpiresAt?: number;
}

export interface ThrowawayAnchorOptions {
  readonly now: number;
  readonly suite?: SuiteName;
  readonly constraints?: ChainConstraints;
  readonly location?: string;
}

/** What a test of conformance found in the throwaway world. */
export const PASSED: ConformanceFacts = {
  plan: 'core',
  version: 1,
  tester: '320600',
  testedAt: Date.UTC(2026, 9, 1),
  reportDigest: 'A'.repeat(43),
  passed: 40,
  skipped: 1,
};

/** Makes an anchor for a test. */
export async function throwawayAnchor(name: string, options: ThrowawayAnchorOptions): Promise<ThrowawayAnchor> {
  const { now, suite = 'ES256', constraints = {}, location = `https://${name}.example/` } = options;
  const { privateKey, publicKey } = suiteOf(suite).generate();
  const identity = await localSigner(suite, privateKey, publicKey);
  const files = new Map<string, string>();
  const revocations: Revocation[] = [];
  let serial = 0;
  let published = 0;
  const say = async (content: Pick<SubordinateContent, 'subject' | 'jwk' | 'location'>, changes = {}) => {
    serial += 1;
    const dates = { issuedAt: now, expiresAt: now + 200 * DAY_MS };
    const all = { serial, constraints: {}, ...dates, ...content, ...changes };
    const jwt = await issueSubordinateStatement(identity, name, all);
    files.set(ANCHOR_FILES.subordinate(content.subject.name), jwt);
    return jwt;
  };
  const indexOf: ThrowawayAnchor['indexOf'] = (texts, changes = {}) => {
    published += 1;
    const { issuedAt = now, expiresAt = now + 90 * DAY_MS, serial: number = published } = changes;
    const digests = new Map([...texts].map(([path, text]) => [path, fileDigest(text)]));
    return issueAnchorIndex(identity, { name, serial: number, files: digests, issuedAt, expiresAt });
  };
  return {
    name,
    identity,
    location,
    files,
    revocations,
    vouch: async (statement, changes) => {
      files.set(ANCHOR_FILES.statement(statement.region), statement.jwt);
      const jwk = identityJwkOf(statement);
      return say({ subject: { kind: 'region', name: statement.region }, jwk }, changes);
    },
    vouchBelow: (anchor, changes) => {
      const subject = { kind: 'anchor', name: anchor.name } as const;
      return say({ subject, jwk: anchor.identity.publicJwk, location: anchor.location }, changes);
    },
    mark: async (region, changes = {}) => {
      serial += 1;
      const dates = { issuedAt: now, expiresAt: now + 100 * DAY_MS };
      const content = { region, type: 'conformance-core', serial, ...dates, conformance: PASSED, ...changes };
      const jwt = await issueTrustMark(identity, name, content);
      files.set(ANCHOR_FILES.mark(region, content.type), jwt);
      return jwt;
    },
    indexOf,
    publish: async (changes = {}) => {
      const { issuedAt = now, configurationExpiresAt: until = now + 300 * DAY_MS } = changes;
      const content = { name, title: `锚点 ${name}`, location, constraints, issuedAt, expiresAt: until };
      const configuration = await issueAnchorConfiguration(identity, content);
      const revoked = await issueRevocations(identity, name, revocations, issuedAt);
      files.set(ANCHOR_FILES.configuration, configuration).set(ANCHOR_FILES.revocations, revoked);
      return { index: await indexOf(files, changes), configuration, revocations: revoked };
    },
  };
}

function identityJwkOf({ jwt }: RegionStatement): object {
  return readJws<{ jwks: { keys: object[] } }>(jwt).payload.jwks.keys[0]!;
}
