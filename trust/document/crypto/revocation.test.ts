import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeyKind, TEST_NOW, type TestSigner, testSigner } from '../testing/certificates.ts';
import { der, sequence, tagged } from '../testing/der.ts';
import { NO_OPENSSL, OPENSSL, runWith } from '../testing/openssl.ts';
import {
  DAY_MS,
  extension,
  opensslRevocationList,
  type TestRevocationListOptions,
  testRevocationList,
} from '../testing/revocation-lists.ts';
import { findTrust } from './chain.ts';
import { revocationOf } from './revocation.ts';
import { countEntries, readRevocationList, revocationListsIn } from './revocation-list.ts';
import { readCertificate } from './x509.ts';

const KINDS: readonly KeyKind[] = ['sm2', 'rsa', 'ec'];
const SIGNS_BOTH = 0x06;
const SIGNS_CERTIFICATES = 0x04;

/** What is said of a signer by lists, in a chain to a root. */
function asked(leaf: TestSigner, others: readonly TestSigner[], root: TestSigner, lists: readonly Buffer[]) {
  const [certificate, ...rest] = [leaf, ...others].map((signer) => readCertificate(signer.der));
  const anchors = [readCertificate(root.der)];
  const trust = findTrust(certificate!, rest, anchors, TEST_NOW);
  if (!trust.trusted) throw new Error(trust.why);
  return revocationOf(trust.path, [...anchors, ...rest], lists.map(readRevocationList), TEST_NOW);
}

describe.each(KINDS)('a list signed with %s', (kind) => {
  const root = testSigner('根', { kind, ca: true, usage: SIGNS_BOTH });
  const leaf = testSigner('签章人', { kind, issuer: root });
  const other = testSigner('另一人', { kind, issuer: root });

  it('says who was revoked, and by its absence who was not', () => {
    const at = TEST_NOW - 5 * DAY_MS;
    const list = testRevocationList(root, {
      revoked: [
        { signer: other, at: TEST_NOW - DAY_MS },
        { signer: leaf, at },
      ],
    });
    expect(asked(leaf, [], root, [list])).toEqual({ state: 'revoked', at });
    const without = testRevocationList(root, { revoked: [{ signer: other, at }] });
    expect(asked(leaf, [], root, [without])).toEqual({ state: 'good', at: TEST_NOW - DAY_MS });
    expect(asked(leaf, [], root, [testRevocationList(root)])).toMatchObject({ state: 'good' });
  });

  it('is believed only with the signature of the issuer', () => {
    const thief = testSigner('根', { kind, ca: true });
    const forged = testRevocationList(root, { signedBy: thief });
    const altered = testRevocationList(root, { revoked: [{ signer: other, at: TEST_NOW - DAY_MS }] });
    altered[altered.indexOf(other.serial) + 2]! ^= 1;
    for (const list of [forged, altered, testRevocationList(thief)])
      expect(asked(leaf, [], root, [list])).toEqual({ state: 'unknown', why: expect.stringContaining('signed by') });
  });

  it.skipIf(!OPENSSL)(`is what openssl makes and takes${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
    const made = revocationListsIn(opensslRevocationList(root, [leaf]));
    expect(asked(leaf, [], root, made)).toEqual({ state: 'revoked', at: TEST_NOW - 2 * DAY_MS });
    expect(countEntries(readRevocationList(made[0]!))).toBe(1);
    const list = testRevocationList(root, { revoked: [{ signer: leaf, at: TEST_NOW - DAY_MS }] });
    const shown = runWith({ list }, 'openssl', 'crl', '-inform', 'DER', '-in', 'list', '-noout', '-text');
    expect(shown.said).toContain(`Serial Number: ${leaf.serial.toString('hex').toUpperCase()}`);
    if (kind === 'sm2') return;
    const checked = runWith(
      { list, 'ca.pem': root.pem },
      'openssl',
      'crl',
      '-inform',
      'DER',
      '-in',
      'list',
      '-CAfile',
      'ca.pem',
      '-noout',
    );
    expect(checked.said).toContain('verify OK');
  });
});

describe('a list', () => {
  const root = testSigner('根', { kind: 'ec', ca: true, usage: SIGNS_BOTH });
  const middle = testSigner('中级', { kind: 'ec', ca: true, issuer: root, usage: SIGNS_BOTH });
  const leaf = testSigner('签章人', { kind: 'ec', issuer: middle });
  const upper = testRevocationList(root);
  const say = (options: TestRevocationListOptions) =>
    asked(leaf, [middle], root, [testRevocationList(middle, options), upper]);

  it('counts from the day on which the key was lost', () => {
    const invalidSince = TEST_NOW - 9 * DAY_MS;
    const revoked = [{ signer: leaf, at: TEST_NOW - DAY_MS, invalidSince }];
    expect(say({ revoked })).toEqual({ state: 'revoked', at: invalidSince });
  });

  it('is needed for every authority between the signer and the trust list', () => {
    expect(asked(leaf, [middle], root, [testRevocationList(middle)])).toMatchObject({ state: 'unknown' });
    const at = TEST_NOW - 3 * DAY_MS;
    const revoked = testRevocationList(root, { revoked: [{ signer: middle, at }] });
    expect(asked(leaf, [middle], root, [testRevocationList(middle), revoked])).toEqual({ state: 'revoked', at });
    expect(say({})).toMatchObject({ state: 'good' });
  });

  it('is asked about a signer that is on the trust list itself', () => {
    const at = TEST_NOW - DAY_MS;
    const list = testRevocationList(middle, { revoked: [{ signer: leaf, at }] });
    const certificate = readCertificate(leaf.der);
    const issuer = readCertificate(middle.der);
    const said = (candidates: (typeof issuer)[]) =>
      revocationOf([certificate], candidates, [readRevocationList(list)], TEST_NOW);
    expect(said([issuer])).toEqual({ state: 'revoked', at });
    expect(said([])).toMatchObject({ state: 'unknown' });
  });

  it('that is out of date still says who was revoked, and of others nothing', () => {
    const old = { thisUpdate: TEST_NOW - 9 * DAY_MS, nextUpdate: TEST_NOW - 1000 };
    expect(say(old)).toEqual({ state: 'unknown', why: expect.stringContaining('out of date') });
    expect(say({ nextUpdate: null })).toMatchObject({ state: 'unknown' });
    const at = TEST_NOW - 10 * DAY_MS;
    expect(say({ ...old, revoked: [{ signer: leaf, at }] })).toEqual({ state: 'revoked', at });
  });

  it('of tomorrow counts for nothing today', () => {
    const revoked = [{ signer: leaf, at: TEST_NOW - DAY_MS }];
    expect(say({ thisUpdate: TEST_NOW + DAY_MS, nextUpdate: TEST_NOW + 2 * DAY_MS, revoked })).toMatchObject({
      state: 'unknown',
    });
  });

  it('says nothing of a certificate that ended before it', () => {
    const ended = testSigner('旧', { kind: 'ec', issuer: root, notAfter: TEST_NOW - 2 * DAY_MS });
    const certificate = readCertificate(ended.der);
    const said = revocationOf([certificate], [readCertificate(root.der)], [readRevocationList(upper)], TEST_NOW);
    expect(said).toEqual({ state: 'unknown', why: expect.stringContaining('ended') });
  });

  it('of an authority that may not sign lists is not believed', () => {
    const authority = testSigner('根', { kind: 'ec', ca: true, usage: SIGNS_CERTIFICATES });
    const signer = testSigner('签章人', { kind: 'ec', issuer: authority });
    expect(asked(signer, [], authority, [testRevocationList(authority)])).toMatchObject({ state: 'unknown' });
  });

  it('tells only of the certificates for which it was made', () => {
    const only = (...flags: Buffer[]) => ({ extensions: [extension('2.5.29.28', true, sequence(...flags))] });
    const point = tagged(0, tagged(0, der(0x86, Buffer.from('http://ca.example/1.crl'))));
    expect(say(only(der(0x81, Buffer.of(0xff))))).toMatchObject({ state: 'good' });
    expect(say(only(der(0x82, Buffer.of(0xff))))).toMatchObject({ state: 'unknown' });
    expect(say(only(point))).toMatchObject({ state: 'unknown' });
    const at = TEST_NOW - DAY_MS;
    expect(say({ ...only(point), revoked: [{ signer: leaf, at }] })).toEqual({ state: 'revoked', at });
  });

  it.each([
    ['tells only what changed', extension('2.5.29.27', true, sequence())],
    ['tells only some reasons', extension('2.5.29.28', true, sequence(der(0x83, Buffer.of(0, 0x40))))],
    ['speaks for other issuers', extension('2.5.29.28', true, sequence(der(0x84, Buffer.of(0xff))))],
  ])('that %s is not used', (_, one) => {
    expect(() => readRevocationList(testRevocationList(root, { extensions: [one] }))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  it('is read from PEM as from DER, and nothing else is one', () => {
    const list = testRevocationList(root);
    const pem = `-----BEGIN X509 CRL-----\n${list.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END X509 CRL-----\n`;
    expect(revocationListsIn(Buffer.from(pem + pem))).toEqual([list, list]);
    expect(revocationListsIn(list)).toEqual([list]);
    for (const file of ['', 'hello', root.pem, pem.replace('MI', 'XI'), pem.slice(0, 60)])
      expect(() => revocationListsIn(Buffer.from(file))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('that is spoilt is refused with its code or is still the same list', () => {
    const list = testRevocationList(root, { revoked: [{ signer: leaf, at: TEST_NOW - DAY_MS }] });
    fc.assert(
      fc.property(fc.nat(list.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const spoilt = Buffer.from(list);
        spoilt[at] = byte;
        try {
          revocationListsIn(spoilt);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
        }
      }),
    );
  });
});
