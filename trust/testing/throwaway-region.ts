import { regionFullName } from '#proto';
import type { KeyStore } from '../keys/key-store.ts';
import type { Signer } from '../keys/signer.ts';
import type { TlsIdentity } from '../pki/tls-identity.ts';
import { issueOwnStatement } from '../region/region-keys.ts';
import { type RegionStatement, type StatementContent, verifyStatement } from '../region/statement.ts';
import type { SuiteName } from '../suites.ts';
import { memoryKeyStore } from './memory-key-store.ts';

/** A region that exists for one test, with all it owns. */
export interface ThrowawayRegion {
  readonly region: string;
  readonly store: KeyStore;
  readonly statement: RegionStatement;
  /** The statement as text. */
  readonly jwt: string;
  readonly identity: Signer;
  readonly signing: Signer;
  readonly log: Signer;
  readonly certificate: Signer;
  readonly seal: Signer;
  readonly tls: TlsIdentity;
  /** Issues another statement of the same keys and verifies it: a newer serial, another endpoint. */
  restate(changes: Partial<Omit<StatementContent, 'region' | 'keys' | 'tls'>>): Promise<RegionStatement>;
}

export interface ThrowawayOptions {
  /** ES256 unless told. */
  readonly suite?: SuiteName;
  /** Milliseconds; keys and statement are made at this moment. The real time unless told. */
  readonly now?: number;
  /** `host:port` of the peer listener. */
  readonly endpoint?: string;
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/**
 * Makes a region for a test.
 *
 * @param code region code of the table, such as 320600
 */
export async function throwawayRegion(code: string, options: ThrowawayOptions = {}): Promise<ThrowawayRegion> {
  const { suite = 'ES256', now = Date.now(), endpoint = '127.0.0.1:7443' } = options;
  const store = await memoryKeyStore(suite, now);
  const content = {
    region: code,
    name: regionFullName(code) ?? code,
    serial: 1,
    issuedAt: now,
    expiresAt: now + YEAR_MS,
    endpoint,
  };
  const restate: ThrowawayRegion['restate'] = async (changes) =>
    verifyStatement(await issueOwnStatement(store, { ...content, ...changes }));
  const statement = await restate({});
  return {
    region: code,
    store,
    statement,
    jwt: statement.jwt,
    identity: await store.signer('identity'),
    signing: await store.signer('signing'),
    log: await store.signer('log'),
    certificate: await store.signer('certificate'),
    seal: await store.signer('seal'),
    tls: await store.tls(),
    restate,
  };
}
