import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type AuthorityOptions,
  issueCertificate,
  NO_OPENSSL,
  OPENSSL,
  OTHER_POLICY,
  POLICY,
  type TestAuthority,
  type TestCertificate,
  TIME_STAMPING,
  testAuthority,
} from '../testing/timestamp-authority.ts';
import { readAuthorities, readTimestampResponse, timestampRequest, verifyTimestamp } from './timestamp.ts';
import { demandTrusted } from './timestamp-signer.ts';

const DATA = Buffer.from('tongban/log/320600/1\n5\nroot\n');
const NONCE = randomBytes(8);

let authority: TestAuthority | undefined;

afterEach(() => {
  authority?.close();
  authority = undefined;
});

/** Asks a fresh authority. @returns its answer */
async function ask(options: AuthorityOptions = {}, policy?: string): Promise<Buffer> {
  authority = await testAuthority(options);
  return authority.answer(timestampRequest(DATA, NONCE, policy));
}

const read = (answer: Uint8Array, data = DATA, nonce: Uint8Array = NONCE, policy?: string) =>
  readTimestampResponse(answer, data, nonce, authority!.trusted, policy);

const refused = (detail: string) =>
  expect.objectContaining({ code: 'TIMESTAMP_INVALID', message: expect.stringContaining(detail) });

describe.skipIf(!OPENSSL)(`a timestamp of the openssl command line${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
  it.each([
    ['RSA', { key: 'rsa' }],
    ['ECDSA', { key: 'ec' }],
    ['RSA, its certificate named by SHA-1', { key: 'rsa', named: 'sha1' }],
  ] as const)('tells the time with its bound of error: %s', async (_, options) => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const timestamp = read(await ask(options));
    // The authority says whole seconds and an accuracy of 2.5.
    expect(timestamp.at).toBeGreaterThanOrEqual(before + 2500);
    expect(timestamp.at).toBeLessThanOrEqual(Date.now() + 2500);
    expect(timestamp).toMatchObject({ policy: POLICY, authority: 'CN=Test timestamp authority' });
    expect(verifyTimestamp(timestamp.token, DATA, authority!.trusted)).toEqual(timestamp);
  });

  it('is given under the policy that was asked for', async () => {
    const answer = await ask({}, OTHER_POLICY);
    expect(read(answer, DATA, NONCE, OTHER_POLICY).policy).toBe(OTHER_POLICY);
    expect(() => read(answer, DATA, NONCE, POLICY)).toThrow(refused('policy'));
  });

  it('is refused when it is about other bytes, or the answer to another request', async () => {
    const answer = await ask();
    expect(() => read(answer, Buffer.from('other'))).toThrow(refused('about something else'));
    expect(() => read(answer, DATA, randomBytes(8))).toThrow(refused('nonce'));
    const { token } = read(answer);
    expect(() => verifyTimestamp(token, Buffer.from('other'), authority!.trusted)).toThrow(refused('something else'));
  });

  it('is refused when the authority is not trusted', async () => {
    const answer = await ask();
    const other = await testAuthority();
    try {
      expect(() => readTimestampResponse(answer, DATA, NONCE, other.trusted)).toThrow(
        refused('no trusted certificate'),
      );
      expect(() => readTimestampResponse(answer, DATA, NONCE, [])).toThrow(refused('no trusted certificate'));
    } finally {
      other.close();
    }
  });

  it('is refused when the certificate of the authority was not valid at its time', async () => {
    await expect(ask({ notAfter: Date.now() - 1000 }).then((answer) => read(answer))).rejects.toThrow(
      refused('was not valid at its time'),
    );
  });

  it('is refused for any changed byte of what is signed', async () => {
    const { token } = read(await ask());
    const imprint = token.indexOf(createHash('sha256').update(DATA).digest());
    for (let at = imprint - 40; at < imprint + 60; at += 3) {
      const changed = Buffer.from(token);
      changed[at]! ^= 1;
      expect(() => verifyTimestamp(changed, DATA, authority!.trusted)).toThrow(refused(''));
    }
    for (const at of [0, 5, 20, token.length - 1, token.length - 40]) {
      const changed = Buffer.from(token);
      changed[at]! ^= 1;
      expect(() => verifyTimestamp(changed, DATA, authority!.trusted)).toThrow(refused(''));
    }
  });

  it('is refused when the authority did not grant it', async () => {
    // An authority that does not know the policy says so, without a timestamp.
    const answer = await ask({}, '1.3.6.1.4.1.99999.77');
    expect(() => read(answer)).toThrow(refused('not granted'));
  });

  it.each([[Buffer.alloc(0)], [Buffer.from('hello')], [Buffer.from('3000', 'hex')], [randomBytes(500)]])(
    'is refused when it is none: %o',
    async (bytes) => {
      authority = await testAuthority();
      expect(() => read(bytes)).toThrow(refused(''));
      expect(() => verifyTimestamp(bytes, DATA, authority!.trusted)).toThrow(refused(''));
    },
  );
});

describe('the certificate of an authority', () => {
  const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
  const now = Date.now();
  let root: TestCertificate;

  beforeAll(async () => {
    root = await issueCertificate('Root', undefined, { ca: true });
  });

  it.each([
    ['for code', { usages: [CODE_SIGNING] }],
    ['for everything', { usages: [] }],
    ['for code as well', { usages: [TIME_STAMPING, CODE_SIGNING] }],
    ['for timestamps, but not critically', { usages: [TIME_STAMPING], critical: false }],
  ])('does not count when it is %s', async (_, options) => {
    const { certificate } = await issueCertificate('Authority', root, options);
    expect(() => demandTrusted(certificate, [], [root.certificate], now)).toThrow(refused('not for timestamps alone'));
  });

  it('may be trusted itself, or through others that came with the timestamp', async () => {
    const between = await issueCertificate('Between', root, { ca: true });
    const { certificate } = await issueCertificate('Authority', between, { usages: [TIME_STAMPING] });
    demandTrusted(certificate, [between.certificate], [root.certificate], now);
    demandTrusted(certificate, [], [certificate], now);
    expect(() => demandTrusted(certificate, [], [root.certificate], now)).toThrow(refused('no trusted certificate'));
  });

  it('does not count when who issued it may not issue, or was not valid', async () => {
    const leaf = await issueCertificate('Leaf', root, {});
    const byLeaf = await issueCertificate('Authority', leaf, { usages: [TIME_STAMPING] });
    expect(() => demandTrusted(byLeaf.certificate, [leaf.certificate], [root.certificate], now)).toThrow(
      refused('no trusted certificate'),
    );
    const gone = await issueCertificate('Gone', root, { ca: true, notAfter: now - 1000 });
    const byGone = await issueCertificate('Authority', gone, { usages: [TIME_STAMPING] });
    expect(() => demandTrusted(byGone.certificate, [gone.certificate], [root.certificate], now)).toThrow(
      refused('was not valid at its time'),
    );
  });
});

describe('the file of trusted authorities', () => {
  it('may hold several, and must hold one', async () => {
    const [one, two] = [await testAuthority(), await testAuthority({ key: 'ec' })];
    expect(readAuthorities(`# ours\n${one.ca}\n${two.ca}`)).toHaveLength(2);
    one.close();
    two.close();
    for (const bad of ['', 'hello', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])
      expect(() => readAuthorities(bad)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
