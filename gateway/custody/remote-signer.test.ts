import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CodedError } from '#proto';
import { Custodian, type CustodyKey, type KeyCustody, type Signer, SUITE_NAMES } from '#trust';
import { TestAuthority } from '../../trust/testing/reference-signer/authority.ts';
import { ReferenceSigner, type ReferenceSignerOptions } from '../../trust/testing/reference-signer/reference-signer.ts';
import { signerContract } from '../../trust/testing/signer-contract.ts';
import type { SignerConfig } from '../config/signer-config.ts';
import { openSignatureServers, type SignatureServers } from './signature-servers.ts';

const TOKEN = 'a-token-of-the-region';
const DATA = Buffer.from('办件');

let folder: string;
let authority: TestAuthority;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-signer-'));
  await put('token', `${TOKEN}\n`);
  authority = await TestAuthority.make();
  const client = await authority.issue();
  await put('client.crt', client.certificate);
  await put('client.key', encrypted(client.key));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const PASSPHRASE = 'of the folder';
const at = (name: string) => join(folder, name);
const put = (name: string, content: string) => writeFile(at(name), content, { mode: 0o600 });

function encrypted(pem: string): string {
  const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE } as const;
  return String(createPrivateKey(pem).export(options));
}

/** A reference server and a gateway's way to it. */
interface Bench {
  readonly reference: ReferenceSigner;
  readonly time: { now: number };
  readonly custodian: Custodian;
  readonly servers: SignatureServers;
}

const benches: Bench[] = [];

async function bench(
  options: ReferenceSignerOptions = { token: TOKEN },
  given: Partial<SignerConfig> = {},
): Promise<Bench> {
  const reference = await ReferenceSigner.start(options);
  for (const suite of SUITE_NAMES) reference.addKey(`key-${suite}`, suite);
  reference.addKey('other', 'ES256');
  const made = { reference, ...reach(await configOf(reference, given)) };
  benches.push(made);
  return made;
}

async function configOf(reference: ReferenceSigner, given: Partial<SignerConfig> = {}): Promise<SignerConfig> {
  const ca = `ca-${reference.port}.pem`;
  await put(ca, reference.authority);
  return {
    name: 'sdf',
    url: reference.url,
    caFile: at(ca),
    spki: undefined,
    certificateFile: undefined,
    keyFile: undefined,
    tokenFile: at('token'),
    timeoutMs: 1_000,
    concurrency: 4,
    ...given,
  };
}

function reach(config: SignerConfig): Omit<Bench, 'reference'> {
  const time = { now: 0 };
  const context = { passphrase: PASSPHRASE, clock: { now: () => time.now }, random: () => 0 };
  const servers = openSignatureServers([config], context);
  const custodian = new Custodian({ folder, passphrase: PASSPHRASE, servers: servers.servers, environment: {} });
  return { time, servers, custodian };
}

async function release(): Promise<void> {
  for (const { reference, servers } of benches.splice(0)) {
    servers.close();
    await reference.close();
  }
}

const custodyOf = (key: string) => ({ kind: 'remote', signer: 'sdf', key }) as const satisfies KeyCustody;

async function keyOf({ custodian }: Pick<Bench, 'custodian'>, id: string): Promise<CustodyKey> {
  return { ...(await custodian.findKey(custodyOf(id))), purpose: 'signing' };
}

async function signerOf(given: Pick<Bench, 'custodian'>, id = 'key-ES256'): Promise<Signer> {
  return given.custodian.openSigner(custodyOf(id), await keyOf(given, id));
}

const refusal = (code: string, words = '') => ({ code, message: expect.stringContaining(words) });

describe.each(SUITE_NAMES)('with %s', (suite) => {
  afterAll(release);

  signerContract('a signature server', async () => {
    const made = await bench();
    const key = await keyOf(made, `key-${suite}`);
    return { signer: await signerOf(made, `key-${suite}`), key, secrets: [TOKEN, PASSPHRASE] };
  });
});

describe('a signature server', () => {
  let made: Bench;
  let signer: Signer;
  beforeEach(async () => {
    made = await bench();
    signer = await signerOf(made);
    made.reference.requests.length = 0;
  });
  afterEach(release);

  it('may be slow: everybody gets a signature in the end, and nobody is held up meanwhile', async () => {
    const release = made.reference.hold();
    const signing = Array.from({ length: 20 }, (_, index) => signer.sign(Buffer.from(`text ${index}`)));
    await expect.poll(() => made.reference.requests.length).toBe(4);
    release();
    expect(await Promise.all(signing)).toHaveLength(20);
    expect(made.reference.requests).toHaveLength(20);
  });

  it('may fail and recover: the signature comes all the same', async () => {
    made.reference.failNext(2);
    await expect(signer.sign(DATA)).resolves.toHaveLength(64);
    expect(made.reference.requests).toHaveLength(3);
  });

  it.each(['hang', 'reset'] as const)('may %s: that has an end and a code, and passes', async (mischief) => {
    made.reference.mischief = mischief;
    const before = performance.now();
    const error = (await signer.sign(DATA).catch((reason) => reason)) as CodedError;
    expect(error).toMatchObject(refusal('SIGNER_UNAVAILABLE', 'sdf'));
    expect(performance.now() - before).toBeLessThan(6_000);
    expect(made.reference.requests).toHaveLength(3);
    made.reference.mischief = undefined;
    await expect(signer.sign(DATA)).resolves.toHaveLength(64);
  });

  it('may die: everybody is told within a bounded time, and it is found again when it is back', async () => {
    const { port } = made.reference;
    await made.reference.close();
    benches.splice(0);
    const before = performance.now();
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () => signer.sign(DATA).catch((error: CodedError) => error.code)),
    );
    expect(new Set(outcomes)).toEqual(new Set(['SIGNER_UNAVAILABLE']));
    expect(performance.now() - before).toBeLessThan(6_000);

    const again = await ReferenceSigner.start({ token: TOKEN }, port);
    benches.push({ ...made, reference: again });
    await put(`ca-${port}.pem`, again.authority);
    await expect(signer.sign(DATA)).rejects.toMatchObject(refusal('SIGNER_UNAVAILABLE'));
    expect(again.requests).toEqual([]);
    made.time.now = 10_000;
    // It is another server with other keys: it answers, and what it answers is refused.
    again.addKey('key-ES256', 'ES256');
    await expect(signer.sign(DATA)).rejects.toMatchObject(refusal('SIGNER_WRONG'));
    expect(again.requests).toEqual(['POST /v1/keys/key-ES256/signatures']);
  });

  it.each([
    ['wrong', 'SIGNER_WRONG'],
    ['garbage', 'SIGNER_WRONG'],
    ['huge', 'SIGNER_WRONG'],
    ['redirect', 'SIGNER_WRONG'],
  ] as const)('may answer something %s: nothing of it is used', async (mischief, code) => {
    made.reference.mischief = mischief;
    await expect(signer.sign(DATA)).rejects.toMatchObject({ code });
    expect(made.reference.requests).toEqual(['POST /v1/keys/key-ES256/signatures']);
  });
});

describe('a key of a signature server', () => {
  let made: Bench;
  beforeEach(async () => {
    made = await bench();
  });
  afterEach(release);

  it('is compared with the stated one before anything is signed', async () => {
    const key = await keyOf(made, 'other');
    made.reference.requests.length = 0;
    const opening = made.custodian.openSigner(custodyOf('key-ES256'), key);
    await expect(opening).rejects.toMatchObject(refusal('KEY_MISSING', 'another than keys.json says'));
    expect(made.reference.requests).toEqual(['GET /v1/keys']);
  });

  it('is missing when the server or the configuration does not have it', async () => {
    const key = await keyOf(made, 'key-ES256');
    const opening = (custody: KeyCustody) => made.custodian.openSigner(custody, key);
    await expect(opening(custodyOf('absent'))).rejects.toMatchObject(refusal('KEY_MISSING', 'absent'));
    const elsewhere = { ...custodyOf('key-ES256'), signer: 'elsewhere' };
    await expect(opening(elsewhere)).rejects.toMatchObject(refusal('CONFIG_INVALID', 'elsewhere'));
  });

  it('can be opened while the server is away, and is still compared before a signature is used', async () => {
    const [right, wrong] = [await keyOf(made, 'key-ES256'), await keyOf(made, 'other')];
    made.reference.failNext(5);
    const signer = await made.custodian.openSigner(custodyOf('key-ES256'), right);
    made.time.now += 60_000;
    made.reference.failNext(0);
    await expect(signer.sign(DATA)).resolves.toHaveLength(64);
    made.reference.failNext(3);
    const mistaken = await made.custodian.openSigner(custodyOf('key-ES256'), wrong);
    await expect(mistaken.sign(DATA)).rejects.toMatchObject(refusal('SIGNER_WRONG'));
  });
});

describe('between gateway and signature server', () => {
  afterEach(release);

  it.each<[string, () => ReferenceSignerOptions, () => Partial<SignerConfig>]>([
    ['a token', () => ({ token: TOKEN }), () => ({})],
    [
      'a certificate whose key is encrypted with the passphrase of the folder',
      () => ({ clientAuthority: authority.certificate }),
      () => ({ tokenFile: undefined, certificateFile: at('client.crt'), keyFile: at('client.key') }),
    ],
    [
      'both',
      () => ({ token: TOKEN, clientAuthority: authority.certificate }),
      () => ({ certificateFile: at('client.crt'), keyFile: at('client.key') }),
    ],
  ])('we are known by %s, and nothing is signed without', async (_, options, given) => {
    await expect((await signerOf(await bench(options(), given()))).sign(DATA)).resolves.toHaveLength(64);
    await put('other-token', 'another-token');
    const stranger = await bench(options(), { tokenFile: at('other-token') });
    await expect(signerOf(stranger)).rejects.toMatchObject(refusal('SIGNER_REFUSED'));
  });

  it('the server is known by its authority, and nobody else gets the token', async () => {
    const other = await TestAuthority.make();
    await put('other-ca.pem', other.certificate);
    const made = await bench({ token: TOKEN }, { caFile: at('other-ca.pem') });
    await expect(signerOf(made)).rejects.toMatchObject(refusal('SIGNER_WRONG', 'not trusted'));
    expect(made.reference.requests).toEqual([]);
  });

  it('the server is known by its address too, where it is known by its authority', async () => {
    const made = await bench();
    const url = `https://localhost:${made.reference.port}/`;
    const misled = reach(await configOf(made.reference, { url }));
    await expect(signerOf(misled)).rejects.toMatchObject(refusal('SIGNER_WRONG', 'ALTNAME'));
    expect(made.reference.requests).toEqual([]);
    misled.servers.close();
  });

  it('the server is known by its key where that is pinned, with or without an authority', async () => {
    for (const caFile of [undefined, 'ca']) {
      const made = await bench();
      const base = await configOf(made.reference, caFile ? {} : { caFile: undefined });
      const right = reach({ ...base, spki: made.reference.spki });
      await expect((await signerOf(right)).sign(DATA)).resolves.toHaveLength(64);
      right.servers.close();
      made.reference.requests.length = 0;
      const wrong = reach({ ...base, spki: '00'.repeat(32) });
      await expect(signerOf(wrong)).rejects.toMatchObject(refusal('SIGNER_WRONG', 'pinned'));
      expect(made.reference.requests).toEqual([]);
      wrong.servers.close();
    }
  });

  it.each<[string, Partial<SignerConfig>]>([
    ['an absent token', { tokenFile: '/absent/token' }],
    ['an absent authority', { caFile: '/absent/ca' }],
  ])('%s is a fault of the configuration', async (_, given) => {
    const made = await bench({}, given);
    await expect(signerOf(made)).rejects.toMatchObject(refusal('CONFIG_INVALID', '/absent/'));
    expect(made.reference.requests).toEqual([]);
  });

  it('files that are no certificates and no token are a fault of the configuration', async () => {
    await put('nonsense', 'two words\n');
    for (const given of [{ tokenFile: at('nonsense') }, { certificateFile: at('nonsense'), keyFile: at('nonsense') }]) {
      const made = await bench({}, given);
      await expect(signerOf(made)).rejects.toMatchObject(refusal('CONFIG_INVALID'));
      expect(made.reference.requests).toEqual([]);
    }
  });

  it('a new token is used without a restart', async () => {
    await put('renewed', 'expired');
    const made = await bench({ token: TOKEN }, { tokenFile: at('renewed') });
    await expect(signerOf(made)).rejects.toMatchObject(refusal('SIGNER_REFUSED'));
    await put('renewed', TOKEN);
    await expect((await signerOf(made)).sign(DATA)).resolves.toHaveLength(64);
  });
});

describe('a listener that never completes the handshake', () => {
  let silent: Server;
  beforeEach(async () => {
    silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });
  afterEach(() => new Promise((resolve) => silent.close(resolve)));

  it('is given up in time', async () => {
    const { port } = silent.address() as { port: number };
    const reference = await ReferenceSigner.start();
    const config = await configOf(reference, { url: `https://127.0.0.1:${port}/`, timeoutMs: 300 });
    await reference.close();
    const { servers, custodian } = reach(config);
    await expect(custodian.findKey(custodyOf('key'))).rejects.toMatchObject(refusal('SIGNER_UNAVAILABLE', '300 ms'));
    servers.close();
  });
});
