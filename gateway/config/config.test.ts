import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CodedError } from '#proto';
import { Office } from '../calendar/office.ts';
import { loadConfig, parseConfig } from './config.ts';

const SMALLEST = 'region: "320600"\nname: 南通市\npeer: { endpoint: "gw.nantong.example:7443" }\n';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-config-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('a file that says only what has no default gets every default', async () => {
  const file = join(folder, 'gateway.yaml');
  await writeFile(file, SMALLEST);
  expect(await loadConfig(file)).toEqual({
    file,
    region: '320600',
    name: '南通市',
    data: folder,
    http: { listen: { host: '127.0.0.1', port: 8080 }, trustedProxies: [] },
    peer: { listen: { host: '0.0.0.0', port: 7443 }, endpoint: 'gw.nantong.example:7443', via: {} },
    store: { kind: 'sqlite', path: join(folder, 'gateway.db') },
    keys: { directory: join(folder, 'keys'), passphraseFile: undefined, signers: [] },
    log: { level: 'info', file: undefined },
    platforms: [],
    services: {
      sms: { templates: {}, items: {}, parts: ['receiving'], quiet: { from: 1_260, to: 480 }, staleMs: 259_200_000 },
      parcels: { everyMs: 7_200_000, forMs: 2_592_000_000 },
      lockers: { everyMs: 7_200_000, forMs: 2_592_000_000 },
    },
    limits: {
      outboxPerPeer: 1_000_000,
      stagingBytesPerPeer: 2_147_483_648,
      streamsPerPeer: 4,
      connections: { total: 2_048, perCaller: 512 },
      httpBodyBytes: 2_097_152,
      httpRequestsPerMinute: 6_000,
    },
    evidence: { checkpointIntervalMs: 1_000 },
    tokens: { issuer: 'urn:tongban:region:320600', audience: 'tongban-api' },
    certificates: {
      statusBaseUri: 'https://gw.nantong.example/status-lists/',
      statusTtlMs: 900_000,
      statusLifetimeMs: 604_800_000,
      statusSources: {},
      statusMaxAgeMs: 86_400_000,
    },
    seal: { kind: 'local', seals: [], settings: {} },
    checks: { answerSeconds: 0, reuseSeconds: 300, keepDays: 1095 },
    office: expect.any(Office),
    verification: { page: true, askPeers: false, ratePerMinute: 30 },
    webhooks: { targets: [], networks: [] },
    retention: { defaultYears: 10, items: new Map(), honourRequests: false },
    audit: { keepDays: 1096 },
    materials: {},
    archive: { folder: join(folder, 'archive'), afterDays: 90 },
    atRest: 'auto',
    documents: { copyDays: 90 },
  });
});

test('every setting can be set, and paths follow the data folder', () => {
  const config = parseConfig(
    `${SMALLEST}
data: state
http: { listen: "[::1]:0", trusted_proxies: ["10.0.0.0/24"], tls: { certificate_file: api.pem, key_file: /secure/api.key } }
store: { kind: sqlite, path: db/main.db }
keys: { directory: /secure/keys, passphrase_file: pass }
log: { level: warn, file: logs/gateway.log }
platforms:
  - { kind: http, name: hall, url: "http://10.0.0.1/hook", retries: { max_attempts: 5 } }
limits: { outbox_per_peer: 10, staging_bytes_per_peer: 209715200, streams_per_peer: 1, connections: 100, connections_per_caller: 20, http_body_bytes: 65536, http_requests_per_minute: 7 }
evidence: { checkpoint_interval_ms: 50 }
tokens: { issuer: "https://sso.example", audience: hall }
`,
    '/etc/tongban/gateway.yaml',
  );
  expect(config).toMatchObject({
    data: '/etc/tongban/state',
    http: {
      listen: { host: '::1', port: 0 },
      trustedProxies: ['10.0.0.0/24'],
      tls: { certificateFile: '/etc/tongban/state/api.pem', keyFile: '/secure/api.key', clientCaFile: undefined },
    },
    store: { path: '/etc/tongban/state/db/main.db' },
    keys: { directory: '/secure/keys', passphraseFile: '/etc/tongban/state/pass' },
    log: { level: 'warn', file: '/etc/tongban/state/logs/gateway.log' },
    limits: {
      outboxPerPeer: 10,
      stagingBytesPerPeer: 209_715_200,
      streamsPerPeer: 1,
      connections: { total: 100, perCaller: 20 },
      httpBodyBytes: 65_536,
      httpRequestsPerMinute: 7,
    },
    evidence: { checkpointIntervalMs: 50 },
    tokens: { issuer: 'https://sso.example', audience: 'hall' },
  });
  expect(config.platforms).toEqual([
    { kind: 'http', name: 'hall', settings: { url: 'http://10.0.0.1/hook', retries: { max_attempts: 5 } } },
  ]);
});

test('empty sections are like absent ones', () => {
  expect(parseConfig(`${SMALLEST}limits:\nplatforms:\nlog:\n`, '/a/gateway.yaml').limits.outboxPerPeer).toBe(1_000_000);
});

describe('the section federation', () => {
  const FINGERPRINT = '7010 232C '.repeat(8).trim();
  const section = (more: string) => `${SMALLEST}federation:\n${more}`;

  test('is filled up with defaults', () => {
    const anchors = `  anchors: [{ url: "https://anchor.example/a/", fingerprint: "${FINGERPRINT}" }]\n`;
    const { federation } = parseConfig(section(`${anchors}  peering: { allow: ["32"] }\n`), '/a/gateway.yaml');
    expect(federation).toEqual({
      anchors: [
        {
          url: 'https://anchor.example/a/',
          identity: Buffer.from('7010232c'.repeat(8), 'hex').toString('base64url'),
          maxPathLength: undefined,
        },
      ],
      peering: { allow: ['32'], requireTrustMark: undefined, trustMarkGraceMs: 604_800_000 },
      pollIntervalMs: 900_000,
      staleAfterMs: 86_400_000,
    });
  });

  test('is refused with every wrong setting named', () => {
    const wrong = section(`  anchors:
    - { url: "https://anchor.example/a", fingerprint: "7010" }
    - { url: "https://user@anchor.example/", fingerprint: "${FINGERPRINT}", max_path_length: 9 }
  peering: { allow: ["320600x", 32], require_trust_mark: "Core" }
  poll_interval_ms: 1
`);
    expect(
      faultOf(wrong)
        .problems.map(({ pointer, code }) => `${pointer} ${code}`)
        .sort(),
    ).toEqual([
      '/federation/anchors/0/fingerprint FORMAT',
      '/federation/anchors/0/url FORMAT',
      '/federation/anchors/1/max_path_length RANGE',
      '/federation/anchors/1/url FORMAT',
      '/federation/peering/allow/0 TOO_LONG',
      '/federation/peering/allow/1 TYPE',
      '/federation/peering/require_trust_mark FORMAT',
      '/federation/poll_interval_ms RANGE',
    ]);
    expect(faultOf(section('  anchors: []\n')).problems.map(({ pointer }) => pointer)).toEqual([
      '/federation/anchors',
      '/federation/peering',
    ]);
  });
});

describe('the signature servers', () => {
  const section = (...entries: string[]) =>
    `${SMALLEST}keys:\n  signers:\n${entries.map((e) => `    - { ${e} }\n`).join('')}`;

  test('are filled up with defaults, with paths in the data folder', () => {
    const text = section('name: sdf, url: "https://10.0.0.1:8443/api", ca_file: ca.pem, token_file: /etc/token');
    expect(parseConfig(text, '/a/gateway.yaml').keys.signers).toEqual([
      {
        name: 'sdf',
        url: 'https://10.0.0.1:8443/api/',
        caFile: '/a/ca.pem',
        spki: undefined,
        certificateFile: undefined,
        keyFile: undefined,
        tokenFile: '/etc/token',
        timeoutMs: 5_000,
        concurrency: 8,
      },
    ]);
  });

  test('are refused without a way to know them or to be known, and with every wrong setting named', () => {
    const fine = 'ca_file: a, token_file: b';
    const fault = faultOf(
      section(
        'name: a, url: "https://h/"',
        'name: b, url: "https://h/", spki: "00", certificate_file: c',
        `name: c, url: "http://h/", ${fine}`,
        `name: d, url: "https://user:secret@h/", ${fine}`,
        `name: e, url: "https://h/?a=b", ${fine}`,
        `name: "F 1", url: "https://h/", timeout_ms: 1, ${fine}`,
        `name: g, url: "https://h/", ca_file: a, certificate_file: c`,
      ),
    );
    expect(fault.problems.map(({ pointer, code }) => `${pointer} ${code}`).sort()).toEqual([
      '/keys/signers/0/ca_file REQUIRED',
      '/keys/signers/0/token_file REQUIRED',
      '/keys/signers/1/spki FORMAT',
      '/keys/signers/2/url FORMAT',
      '/keys/signers/3/url SECRET',
      '/keys/signers/4/url FORMAT',
      '/keys/signers/5/name FORMAT',
      '/keys/signers/5/timeout_ms RANGE',
      '/keys/signers/6/key_file REQUIRED',
    ]);
    const twice = section(`name: a, url: "https://h/", ${fine}`, `name: a, url: "https://i/", ${fine}`);
    expect(faultOf(twice).problems).toMatchObject([{ pointer: '/keys/signers/1/name', code: 'DUPLICATE' }]);
  });
});

test('every wrong setting is named at once, with its path', () => {
  const fault = faultOf(`
region: "320601"
peer: { endpoint: "0.0.0.0:7443", listen: nowhere, via: { "999999": "proxy:1", "150626": "https://proxy" } }
http: { listen: "127.0.0.1:99999" }
store: { kind: oracle }
log: { level: loud }
platforms:
  - { kind: http, name: hall }
  - { kind: 7 }
  - nonsense
limits: { outbox_per_peer: 0, streams_per_peer: many }
evidence: { checkpoint_interval_ms: 1.5 }
secrets: {}
`);
  expect(fault.problems.map(({ pointer, code }) => `${pointer} ${code}`).sort()).toEqual([
    '/evidence/checkpoint_interval_ms TYPE',
    '/http/listen FORMAT',
    '/limits/outbox_per_peer RANGE',
    '/limits/streams_per_peer TYPE',
    '/log/level NOT_IN_LIST',
    '/name REQUIRED',
    '/peer/endpoint FORMAT',
    '/peer/listen FORMAT',
    '/peer/via/150626 FORMAT',
    '/peer/via/999999 IDENTIFIER',
    '/platforms/1/kind TYPE',
    '/platforms/1/name REQUIRED',
    '/platforms/2 TYPE',
    '/region IDENTIFIER',
    '/secrets UNKNOWN_FIELD',
    '/store/kind NOT_IN_LIST',
  ]);
  expect(fault.message).toContain('/etc/gateway.yaml');
});

test('a region code without quotes gets a hint instead of a riddle', () => {
  expect(faultOf('region: 320600\nname: n\npeer: { endpoint: "a:1" }').problems).toEqual([
    { pointer: '/region', code: 'TYPE', message: 'must be text: write it in quotes' },
  ]);
});

test('two platforms of one name are refused', () => {
  const platforms = 'platforms:\n  - { kind: http, name: hall }\n  - { kind: directory, name: hall }\n';
  expect(faultOf(SMALLEST + platforms).problems).toMatchObject([{ pointer: '/platforms/1/name', code: 'DUPLICATE' }]);
});

test.each([
  ['syntax', 'region: "320600\n'],
  ['a key given twice', `${SMALLEST}name: other\n`],
  ['a tag', `${SMALLEST}log: !!js/function 'x'\n`],
  ['aliases', `${SMALLEST}platforms: &p []\nlimits: *p\n`],
])('%s is refused as YAML that we do not read', (_what, yaml) => {
  expect(faultOf(yaml).problems).toMatchObject([{ code: 'YAML' }]);
});

test('text that is no mapping is refused', () => {
  expect(faultOf('').problems).toHaveLength(1);
  expect(faultOf('- a\n- b\n').problems).toHaveLength(1);
});

test('a file that is missing or too large is refused with what to do', async () => {
  await expect(loadConfig(join(folder, 'none.yaml'))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('tongban init'),
  });
  const large = join(folder, 'large.yaml');
  await writeFile(large, `${SMALLEST}#${'x'.repeat(256 * 1024)}`);
  await expect(loadConfig(large)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('256 KiB'),
  });
});

function faultOf(yaml: string): CodedError {
  try {
    parseConfig(yaml, '/etc/gateway.yaml');
  } catch (error) {
    if (error instanceof CodedError && error.code === 'CONFIG_INVALID') return error;
    throw error;
  }
  throw new Error('the config was accepted');
}
