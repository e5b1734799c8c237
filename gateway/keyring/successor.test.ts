import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type IndexedKey,
  issueStatement,
  openFileKeyStore,
  type RegionStatement,
  readKeyFolder,
  type Signer,
  type StatementContent,
  verifyStatement,
} from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { type GatewayConfig, loadConfig } from '../config/config.ts';
import { makeRegionFolder, removeFolders } from '../testing/live-region.ts';
import { nextContent } from './next-statement.ts';
import { readStatementFile } from './statement-file.ts';
import { demandSuccessor } from './successor.ts';

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 22);

let folder: string;
let config: GatewayConfig;
let current: RegionStatement;
let keys: readonly IndexedKey[];
let identity: Signer;
let stranger: ThrowawayRegion;
let content: StatementContent;

beforeAll(async () => {
  folder = await makeRegionFolder('320600', { now: NOW });
  config = await loadConfig(join(folder, 'gateway.yaml'));
  current = await verifyStatement((await readStatementFile(folder)).trim());
  ({ keys } = await readKeyFolder(config.keys.directory));
  identity = await (await openFileKeyStore(config.keys.directory, 'a passphrase for tests')).signer('identity');
  stranger = await throwawayRegion('320600', { now: NOW });
  content = await nextContent(config, current, NOW);
});
afterAll(() => removeFolders(folder));

interface Case {
  readonly content?: Partial<StatementContent>;
  readonly signer?: Signer;
  readonly keys?: readonly IndexedKey[];
  readonly now?: number;
  readonly newIdentity?: boolean;
}

async function judged(changes: Case): Promise<void> {
  const signer = changes.signer ?? identity;
  const next = await verifyStatement(await issueStatement(signer, { ...content, ...changes.content }));
  const { now = NOW, newIdentity = false } = changes;
  demandSuccessor(next, { current, keys: changes.keys ?? keys, now, newIdentity });
}

it('takes the statement that follows', async () => {
  await expect(judged({})).resolves.toBeUndefined();
});

it('may go on without a seal key where there was none, and not where there is one', async () => {
  const unsealed = content.keys.filter(({ purpose }) => purpose !== 'seal');
  const older = { ...current, keys: current.keys.filter(({ purpose }) => purpose !== 'seal') };
  const signed = await verifyStatement(await issueStatement(identity, { ...content, keys: unsealed }));
  expect(() => demandSuccessor(signed, { current: older, keys, now: NOW, newIdentity: false })).not.toThrow();
  await expect(judged({ content: { keys: ended('seal', NOW) } })).rejects.toMatchObject({ code: 'KEY_MISSING' });
});

const revokedIn = (purpose: string) =>
  keys.map((key) => (key.purpose === purpose ? { ...key, revoked: { at: NOW, reason: 'compromised' as const } } : key));
const ofStranger = (purpose: 'signing') => ({ purpose, jwk: stranger[purpose].publicJwk, notBefore: 0, notAfter: NOW });
const ended = (purpose: string, notAfter: number) =>
  content.keys.map((key) => (key.purpose === purpose ? { ...key, notAfter } : key));

it.each<[string, string, () => Case]>([
  ['is of another region', 'STATEMENT_INVALID', () => ({ content: { region: '150626' } })],
  ['has the serial of the current one', 'STATEMENT_STALE', () => ({ content: { serial: current.serial } })],
  ['follows another statement', 'STATEMENT_STALE', () => ({ content: { previous: 'A'.repeat(43) } })],
  ['has expired', 'STATEMENT_EXPIRED', () => ({ now: content.expiresAt })],
  [
    'is signed by a key that is not ours',
    'FINGERPRINT_MISMATCH',
    () => ({ signer: stranger.identity, newIdentity: true }),
  ],
  [
    'is signed by another identity key of ours',
    'FINGERPRINT_MISMATCH',
    () => {
      const { kid, publicJwk } = stranger.identity;
      return { signer: stranger.identity, keys: [...keys, { ...keys[0]!, purpose: 'identity', kid, publicJwk }] };
    },
  ],
  [
    'names a key that is not ours',
    'STATEMENT_INVALID',
    () => ({ content: { keys: [...content.keys, ofStranger('signing')] } }),
  ],
  [
    'names our key for another purpose',
    'STATEMENT_INVALID',
    () => ({
      keys: keys.map((key) => (key.purpose === 'certificate' ? { ...key, purpose: 'log' as const } : key)),
    }),
  ],
  [
    'names a TLS certificate that is not ours',
    'STATEMENT_INVALID',
    () => ({ content: { tls: [...content.tls, stranger.tls.der] } }),
  ],
  [
    'forgets a key that evidence needs',
    'STATEMENT_INVALID',
    () => ({ content: { keys: content.keys.filter(({ purpose }) => purpose !== 'certificate') } }),
  ],
  ['was made before a key was revoked', 'STATEMENT_STALE', () => ({ keys: revokedIn('signing') })],
  ['was made before a TLS key was revoked', 'STATEMENT_STALE', () => ({ keys: revokedIn('tls') })],
  [
    'came so late that a key in use ended before it',
    'STATEMENT_STALE',
    () => ({ content: { keys: ended('signing', NOW + DAY) }, now: NOW + 2 * DAY }),
  ],
  ['leaves us without a key of a purpose', 'KEY_MISSING', () => ({ content: { keys: ended('log', NOW) } })],
  ['leaves us without TLS', 'KEY_MISSING', () => ({ content: { tls: [] } })],
])('refuses one that %s', async (_, code, changes) => {
  await expect(judged(changes())).rejects.toMatchObject({ code });
});
