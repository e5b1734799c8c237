import { describe, expect, it } from 'vitest';
import { suiteOf } from '../suites.ts';
import { createDisclosure, decoyDigest, digestOf, readDisclosure } from './disclosure.ts';

const { hash } = suiteOf('ES256');

const encode = (json: string): string => Buffer.from(json).toString('base64url');
const refused = expect.objectContaining({ code: 'CERTIFICATE_DISCLOSURE' });

describe('disclosures by the examples of RFC 9901', () => {
  it('takes the digest over the encoded text (4.2.3)', () => {
    const encoded = 'WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0';
    expect(readDisclosure(encoded)).toEqual({ encoded, name: 'family_name', value: 'Möbius' });
    expect(digestOf(hash, encoded)).toBe('X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0');
  });

  it.each([
    ['escaped umlaut', 'WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNXHUwMGY2Yml1cyJd'],
    ['no white space', 'WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Yml1cyJd'],
    ['line breaks', 'WwoiXzI2YmM0TFQtYWM2cTJLSTZjQlc1ZXMiLAoiZmFtaWx5X25hbWUiLAoiTcO2Yml1cyIKXQ'],
  ])('reads the same claim however its JSON is written, each with its own digest (4.2.1): %s', (_, encoded) => {
    const { name, value } = readDisclosure(encoded);
    expect({ name, value }).toEqual({ name: 'family_name', value: 'Möbius' });
    expect(digestOf(hash, encoded)).not.toBe('X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0');
  });

  it('hashes an array element like any disclosure (4.2.4.2), and refuses it as a claim', () => {
    const element = 'WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0';
    expect(digestOf(hash, element)).toBe('w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs');
    expect(() => readDisclosure(element)).toThrow(refused);
  });

  it.each([
    ['2GLC42sKQveCfGfryNRN9w', '"given_name", "John"', 'jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4'],
    ['eluV5Og3gSNII8EYnsxA_A', '"family_name", "Doe"', 'TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo'],
    ['6Ij7tM-a5iVPGboS5tmvVA', '"email", "johndoe@example.com"', 'JzYjH4svliH0R3PyEMfeZu6Jt69u5qehZo7F7EPYlSE'],
    ['eI8ZWm9QnKPpNPeNenHdhQ', '"phone_number", "+1-202-555-0101"', 'PorFbpKuVu6xymJagvkFsFXAbRoc2JGlAUA2BA4o7cI'],
    ['Qg_O64zqAxe412a108iroA', '"phone_number_verified", true', 'XQ_3kPKt1XyX7KANkqVR6yZ2Va5NrPIvPYbyMvRKBMM'],
    ['Pc33JM2LchcU_lHggv_ufQ', '"birthdate", "1940-01-01"', 'gbOsI4Edq2x2Kw-w5wPEzakob9hV1cRD0ATN3oQL9JM'],
    ['G02NSrQfjFXQ7Io09syajA', '"updated_at", 1570000000', 'CrQe7S5kqBAHt-nMYXgc6bdt2SH5aTY1sU_M-PgkjPI'],
  ])('finds the digests of the main example (5.1), salt %s', (salt, nameAndValue, digest) => {
    expect(digestOf(hash, readDisclosure(encode(`["${salt}", ${nameAndValue}]`)).encoded)).toBe(digest);
  });
});

describe('our own disclosures', () => {
  it('have 128 bits of salt that never repeat', () => {
    const saltOf = ({ encoded }: { encoded: string }): string =>
      JSON.parse(Buffer.from(encoded, 'base64url').toString())[0];
    const salts = Array.from({ length: 100 }, () => saltOf(createDisclosure('name', 'value')));
    expect(new Set(salts).size).toBe(100);
    for (const salt of salts) expect(Buffer.from(salt, 'base64url')).toHaveLength(16);
  });

  it('are read back as they were made', () => {
    const made = createDisclosure('holder', '阿不都·示例');
    expect(readDisclosure(made.encoded)).toEqual(made);
  });

  it('look like decoys', () => {
    expect(decoyDigest(hash)).toMatch(/^[\w-]{43}$/);
    expect(decoyDigest(hash)).not.toBe(decoyDigest(hash));
  });
});

describe('what is not a disclosure of a claim', () => {
  it.each([
    ['nothing', ''],
    ['not base64url', 'WyJh+iwi'],
    ['padding', `${encode('["s", "n", 1]')}=`],
    ['not UTF-8', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]).toString('base64url')],
    ['not JSON', encode('["s", "n"')],
    ['an object', encode('{"0":"s","1":"n","2":1,"length":3}')],
    ['four elements', encode('["s", "n", 1, 2]')],
    ['a salt that is a number', encode('[1, "n", 1]')],
    ['a name that is a number', encode('["s", 2, 1]')],
    ['the name _sd', encode('["s", "_sd", []]')],
    ['the name _sd_alg', encode('["s", "_sd_alg", "sha-256"]')],
    ['the name ...', encode('["s", "...", "x"]')],
    ['too long', encode(`["s", "n", "${'x'.repeat(40_000)}"]`)],
  ])('%s is refused', (_, encoded) => {
    expect(() => readDisclosure(encoded)).toThrow(refused);
  });
});
