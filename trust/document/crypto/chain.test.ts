import { describe, expect, it } from 'vitest';
import {
  type KeyKind,
  TEST_NOW,
  type TestSigner,
  type TestSignerOptions,
  testSigner,
} from '../testing/certificates.ts';
import { NO_OPENSSL, OPENSSL, runWith } from '../testing/openssl.ts';
import { findTrust } from './chain.ts';
import { readCertificate } from './x509.ts';

const KINDS: readonly KeyKind[] = ['sm2', 'rsa', 'ec'];
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const SIGNS_CERTIFICATES = 0x06;

/** A root, an authority below it and a signer below that one. */
function chainOf(kind: KeyKind, signer: TestSignerOptions = {}, authority: TestSignerOptions = {}) {
  const root = testSigner('根', { kind, ca: true, usage: SIGNS_CERTIFICATES });
  const middle = testSigner('中级', { kind, ca: true, issuer: root, ...authority });
  return { root, middle, leaf: testSigner('签章人', { kind, issuer: middle, ...signer }) };
}

function trust(leaf: TestSigner, others: readonly TestSigner[], anchors: readonly TestSigner[], at = TEST_NOW) {
  const read = (signers: readonly TestSigner[]) => signers.map(({ der }) => readCertificate(der));
  return findTrust(readCertificate(leaf.der), read(others), read(anchors), at);
}

describe.each(KINDS)('a chain of %s certificates', (kind) => {
  const { root, middle, leaf } = chainOf(kind);

  it('leads to an anchor: the root, the authority, or the certificate itself', () => {
    for (const anchor of [root, middle, leaf]) expect(trust(leaf, [middle], [anchor])).toMatchObject({ trusted: true });
  });

  it('leads nowhere without an anchor, or without the certificate between', () => {
    expect(trust(leaf, [middle, root], [])).toMatchObject({ trusted: false });
    expect(trust(leaf, [], [root])).toMatchObject({ trusted: false, why: expect.stringContaining('neither') });
  });

  it('leads nowhere when another has the name of the issuer', () => {
    const impostor = testSigner('中级', { kind, ca: true, issuer: testSigner('根', { kind, ca: true }) });
    expect(trust(testSigner('签章人', { kind, issuer: impostor }), [impostor, middle], [root])).toMatchObject({
      trusted: false,
    });
  });

  it.skipIf(!OPENSSL)(`is what openssl takes for one${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
    const files = { 'root.pem': root.pem, 'middle.pem': middle.pem, 'leaf.pem': leaf.pem };
    // The option is for the last certificate only: link by link.
    const id = kind === 'sm2' ? ['-vfyopt', 'distid:1234567812345678'] : [];
    for (const [issuer, issued] of [
      ['root', 'middle'],
      ['middle', 'leaf'],
    ]) {
      const named = ['-partial_chain', '-CAfile', `${issuer}.pem`, `${issued}.pem`];
      const { ok, said } = runWith(files, 'openssl', 'verify', ...id, ...named);
      expect(ok, said).toBe(true);
    }
    const shown = runWith(files, 'openssl', 'x509', '-in', 'leaf.pem', '-noout', '-serial', '-enddate');
    const { serial, notAfter } = readCertificate(leaf.der);
    expect(shown.said).toContain(`serial=${serial.toUpperCase()}`);
    expect(Date.parse(/notAfter=(.+)/.exec(shown.said)![1]!)).toBe(notAfter);
  });
});

describe.each<[string, TestSignerOptions, TestSignerOptions, number]>([
  ['the authority is none', {}, { ca: false }, TEST_NOW],
  ['the authority may not sign certificates', {}, { usage: 0x80 }, TEST_NOW],
  ['the authority had ended', {}, { notAfter: TEST_NOW - 1000 }, TEST_NOW],
  ['the signer had ended', { notAfter: TEST_NOW - 1000 }, {}, TEST_NOW],
  ['the signer had not begun', { notBefore: TEST_NOW + 5000 }, {}, TEST_NOW],
  ['the moment is of long ago', {}, {}, TEST_NOW - 5 * YEAR_MS],
  ['the signer has a critical extension that nobody understands', { critical: '1.2.3.4' }, {}, TEST_NOW],
  ['the authority has one', {}, { critical: '1.2.3.4' }, TEST_NOW],
  ['the signer was certified with SHA-1', { kind: 'rsa', hash: 'sha1' }, { kind: 'rsa' }, TEST_NOW],
  ['the authority has a short key', {}, { kind: 'rsa', bits: 1024 }, TEST_NOW],
])('a chain in which %s', (_, signer, authority, at) => {
  it('leads nowhere', () => {
    const { root, middle, leaf } = chainOf('sm2', signer, authority);
    expect(trust(leaf, [middle], [root], at)).toMatchObject({ trusted: false, why: expect.any(String) });
  });
});

it('is given up when it is too long, or when too many certificates could be its issuer', () => {
  const root = testSigner('根', { kind: 'ec', ca: true });
  const links = [root];
  for (let index = 0; index < 8; index += 1)
    links.push(testSigner(`第${index}级`, { kind: 'ec', ca: true, issuer: links.at(-1)! }));
  expect(trust(links[4]!, links, [root])).toMatchObject({ trusted: true });
  expect(trust(links[8]!, links, [root])).toMatchObject({ trusted: false });
  const many = Array.from({ length: 200 }, () => testSigner('同名', { kind: 'ec', ca: true }));
  expect(trust(testSigner('签章人', { kind: 'ec', issuer: many[199]! }), many, [many[199]!])).toMatchObject({
    trusted: true,
  });
  expect(trust(testSigner('签章人', { kind: 'ec', issuer: many[199]! }), many, [root])).toMatchObject({
    trusted: false,
  });
});

it('never takes a certificate that was changed for a trusted one', () => {
  const { root, middle, leaf } = chainOf('sm2');
  const others = [readCertificate(middle.der)];
  const anchors = [readCertificate(root.der)];
  for (let at = 0; at < leaf.der.length; at += 3) {
    const changed = Buffer.from(leaf.der);
    changed[at] = changed[at]! ^ 0x01;
    expect(isTrusted(changed), `byte ${at}`).toBe(false);
  }

  function isTrusted(der: Buffer): boolean {
    try {
      return findTrust(readCertificate(der), others, anchors, TEST_NOW).trusted;
    } catch (error) {
      expect(error).toMatchObject({ name: 'DocumentFault', code: 'seal-malformed' });
      return false;
    }
  }
});
