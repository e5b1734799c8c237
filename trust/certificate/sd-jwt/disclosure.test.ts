import { describe, expect, it } from 'vitest';
import {
  createDisclosure,
  createDisclosures,
  decoyDigest,
  digestOf,
  freshSalt,
  readDisclosures,
} from './disclosure.ts';

const HASH = 'sha-256';

const readDisclosure = (encoded: string) => readDisclosures([encoded])[0]!;
const encode = (json: string): string => Buffer.from(json).toString('base64url');
const refused = expect.objectContaining({ code: 'CERTIFICATE_DISCLOSURE' });

describe('disclosures by the examples of RFC 9901', () => {
  it('takes the digest over the encoded text (4.2.3)', () => {
    const encoded = 'WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0';
    expect(readDisclosure(encoded)).toEqual({ encoded, name: 'family_name', value: 'Möbius' });
    expect(digestOf(HASH, encoded)).toBe('X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0');
  });

  it.each([
    ['escaped umlaut', 'WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNXHUwMGY2Yml1cyJd'],
    ['no white space', 'WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Yml1cyJd'],
    ['line breaks', 'WwoiXzI2YmM0TFQtYWM2cTJLSTZjQlc1ZXMiLAoiZmFtaWx5X25hbWUiLAoiTcO2Yml1cyIKXQ'],
  ])('reads the same claim however its JSON is written, each with its own digest (4.2.1): %s', (_, encoded) => {
    const { name, value } = readDisclosure(encoded);
    expect({ name, value }).toEqual({ name: 'family_name', value: 'Möbius' });
    expect(digestOf(HASH, encoded)).not.toBe('X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0');
  });

  it('reads and hashes an entry of a list (4.2.2, 4.2.4.2)', () => {
    const element = 'WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0';
    expect(digestOf(HASH, element)).toBe('w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs');
    expect(readDisclosure(element)).toEqual({ encoded: element, name: undefined, value: 'FR' });
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
    expect(digestOf(HASH, readDisclosure(encode(`["${salt}", ${nameAndValue}]`)).encoded)).toBe(digest);
  });
});

describe('our own disclosures', () => {
  it('have at least 128 bits of salt that never repeat', () => {
    const salts = Array.from({ length: 704 }, freshSalt);
    expect(salts).toHaveLength(704);
    expect(new Set(salts).size).toBe(704);
    for (const salt of salts) expect(Buffer.from(salt, 'base64url')).toHaveLength(18);
  });

  it.each([['holder'], ['a "quoted" \\ name'], ['名称'], [undefined]])(
    'are read back as they were made: %s',
    (name) => {
      for (const value of ['阿不都·示例', { from: ['2020-01', null] }, [], 1.5, true, null]) {
        const made = createDisclosure('c2FsdHNhbHRzYWx0c2FsdA', name, value);
        expect(readDisclosure(made.encoded)).toEqual(made);
      }
    },
  );

  it('are made of several claims in their order, each with a salt of its own', () => {
    const made = createDisclosures({ name: '阿不都·示例', number: '1', 'a "quoted" name': { from: null } });
    expect(made.map(({ name, value }) => [name, value])).toEqual([
      ['name', '阿不都·示例'],
      ['number', '1'],
      ['a "quoted" name', { from: null }],
    ]);
    expect(readDisclosures(made.map(({ encoded }) => encoded))).toEqual(made);
    const salts = made.map(({ encoded }) => JSON.parse(Buffer.from(encoded, 'base64url').toString())[0]);
    expect(new Set(salts).size).toBe(3);
  });

  it('look like decoys', () => {
    const [one, other] = [freshSalt(), freshSalt()];
    expect(decoyDigest(HASH, one)).toMatch(/^[\w-]{43}$/);
    expect(decoyDigest(HASH, one)).not.toBe(decoyDigest(HASH, other));
  });
});

describe('what is not a disclosure', () => {
  it.each([
    ['nothing', ''],
    ['not base64url', 'WyJh+iwi'],
    ['padding', `${encode('["s", "n", 1]')}=`],
    ['not UTF-8', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]).toString('base64url')],
    ['not JSON', encode('["s", "n"')],
    ['an object', encode('{"0":"s","1":"n","2":1,"length":3}')],
    ['four elements', encode('["s", "n", 1, 2]')],
    ['one element', encode('["s"]')],
    ['a member that stands twice', encode('["s", "n", {"a": 1, "a": 2}]')],
    ['a last character with bits too many', encode('["s", "n", 1]').replace(/.$/, 'R')],
    ['a byte order mark', encode('\uFEFF["s", "n", 1]')],
    ['a salt that is a number', encode('[1, "n", 1]')],
    ['a name that is a number', encode('["s", 2, 1]')],
    ['the name _sd', encode('["s", "_sd", []]')],
    ['the name _sd_alg', encode('["s", "_sd_alg", "sha-256"]')],
    ['the name ...', encode('["s", "...", "x"]')],
    ['too long', encode(`["s", "n", "${'x'.repeat(40_000)}"]`)],
  ])('%s is refused', (_, encoded) => {
    expect(() => readDisclosure(encoded)).toThrow(refused);
    const good = encode('["s", "n", 1]');
    expect(() => readDisclosures([good, encoded, good])).toThrow(refused);
  });
});
