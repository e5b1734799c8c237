import { describe, expect, it } from 'vitest';
import { importPublicJwk, suiteOf } from '../../suites.ts';
import examples from '../testing/public-examples.json' with { type: 'json' };
import { hashNameOf } from './hash-name.ts';
import { demandBinding } from './key-binding.ts';
import { processPayload } from './payload.ts';
import { type OpenSdJwt, readSdJwt } from './text.ts';

/*
 * The examples have no kid, by which our verifier finds keys: signature and payload are judged one after the other here,
 * with the same functions.
 */
const issuerKey = importPublicJwk(examples.issuerKey);

function isSigned({ issued }: OpenSdJwt): boolean {
  return suiteOf('ES256').verify(issuerKey, Buffer.from(issued.input), Buffer.from(issued.signature, 'base64url'));
}

function shown({ issued, disclosures }: OpenSdJwt) {
  return processPayload(issued.payload, disclosures, hashNameOf(issued.payload));
}

const OPEN = { iss: 'https://issuer.example.com', iat: 1683000000, exp: 1883000000, sub: 'user_42' };
const ADDRESS = { street_address: '123 Main St', locality: 'Anytown', region: 'Anystate', country: 'US' };

describe('the main example of RFC 9901', () => {
  it('as issued says everything (5.1)', () => {
    const open = readSdJwt(examples.main.issued);
    expect(isSigned(open)).toBe(true);
    const { claims, disclosed } = shown(open);
    expect(claims).toEqual({
      ...OPEN,
      cnf: expect.anything(),
      given_name: 'John',
      family_name: 'Doe',
      email: 'johndoe@example.com',
      phone_number: '+1-202-555-0101',
      phone_number_verified: true,
      address: ADDRESS,
      birthdate: '1940-01-01',
      updated_at: 1570000000,
      nationalities: ['US', 'DE'],
    });
    expect(disclosed).toHaveLength(10);
  });

  it('as presented says what the holder chose (5.2, 7.3)', () => {
    const open = readSdJwt(examples.main.presented);
    expect(isSigned(open)).toBe(true);
    expect(shown(open)).toMatchObject({
      claims: { ...OPEN, given_name: 'John', family_name: 'Doe', address: ADDRESS, nationalities: ['US'] },
      disclosed: ['/family_name', '/address', '/given_name', '/nationalities/0'],
    });
    expect(shown(open).claims).not.toHaveProperty('email');
  });

  it('is bound to the holder, the verifier and the moment (5.2, 7.3)', () => {
    const open = readSdJwt(examples.main.presented);
    const demand = { audience: 'https://verifier.example.org', nonce: '1234567890', maxAgeMs: 60_000 };
    const signedAt = 1748537244_000;
    expect(() => demandBinding(open, demand, signedAt + 60_000)).not.toThrow();
    const refused = (changes: Partial<typeof demand>, now = signedAt, code = 'CERTIFICATE_BINDING') =>
      expect(() => demandBinding(open, { ...demand, ...changes }, now)).toThrow(expect.objectContaining({ code }));
    refused({ audience: 'https://other.example.org' });
    refused({ nonce: '1234567891' });
    refused({}, signedAt + 60_001, 'CERTIFICATE_BINDING_STALE');
    const bare = readSdJwt(examples.main.issued);
    expect(() => demandBinding(bare, demand, signedAt)).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_BINDING_MISSING' }),
    );
  });

  it('is not bound to another presentation of it', () => {
    const [jwt, familyName, , ...rest] = examples.main.presented.split('~');
    const fewer = readSdJwt([jwt, familyName, ...rest].join('~'));
    expect(() =>
      demandBinding(fewer, { audience: 'https://verifier.example.org', nonce: '1234567890', maxAgeMs: 1 }, 0),
    ).toThrow(/another presentation/);
  });
});

it('claims within an object, among decoys, are found (Appendix A.1)', () => {
  const open = readSdJwt(examples.structured.presented);
  expect(isSigned(open)).toBe(true);
  const { sub: _, ...claims } = OPEN;
  expect(shown(open)).toMatchObject({
    claims: { ...claims, address: { region: '港区', country: 'JP' } },
    disclosed: ['/address/region', '/address/country'],
    digests: 16,
  });
});

it('a credential with key binding is read (SD-JWT VC)', () => {
  const open = readSdJwt(examples.credential.presented);
  expect(isSigned(open)).toBe(true);
  expect(shown(open)).toMatchObject({
    claims: {
      vct: 'https://bmi.bund.example/credential/pid/1.0',
      nationalities: ['DE'],
      age_equal_or_over: { 18: true },
    },
    disclosed: ['/nationalities', '/age_equal_or_over/18'],
  });
  const demand = { audience: 'https://example.com/verifier', nonce: '1234567890', maxAgeMs: 1000 };
  expect(() => demandBinding(open, demand, 1720454295_000)).not.toThrow();
});
