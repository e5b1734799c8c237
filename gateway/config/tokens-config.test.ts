import { expect, test } from 'vitest';
import type { Problem } from '#proto';
import { type TokensSection, tokensOf, tokensRule } from './tokens-config.ts';

const OIDC = {
  issuer: 'https://sso.example.cn/realms/hall',
  audience: 'tongban',
  jwks_url: 'https://sso.example.cn/realms/hall/certs',
  roles: { 大厅窗口: 'operator' },
};
const URN = 'urn:tongban:region:320600';
const inData = (path: string) => `/data/${path}`;

function wrong(section: unknown): string[] {
  const problems: Problem[] = [];
  tokensRule(section, '/tokens', problems);
  return problems.map(({ pointer, code }) => `${pointer} ${code}`).sort();
}

test('is filled up with defaults, with paths in the data folder', () => {
  expect(tokensOf({}, URN, inData)).toEqual({ issuer: URN, audience: 'tongban-api', oidc: undefined });
  expect(tokensOf({ oidc: { ...OIDC, ca_file: 'ca.pem' } }, URN, inData).oidc).toEqual({
    issuer: OIDC.issuer,
    audience: 'tongban',
    keys: { url: OIDC.jwks_url },
    caFile: '/data/ca.pem',
    roleClaim: 'roles',
    roles: OIDC.roles,
    maxAgeMs: 12 * 60 * 60 * 1000,
  });
  const { jwks_url: _, ...fromFile } = { ...OIDC, jwks_file: 'keys.json' };
  expect(tokensOf({ oidc: fromFile }, URN, inData).oidc?.keys).toEqual({ file: '/data/keys.json' });
});

test('is well as the page of the doors shows it', () => {
  expect(wrong({ oidc: { ...OIDC, ca_file: 'ca.pem', role_claim: 'realm_access.roles', max_age_hours: 8 } })).toEqual(
    [],
  );
});

test.each<[string, unknown, string[]]>([
  ['keys over an open line', { jwks_url: 'http://sso.example.cn/certs' }, ['/tokens/oidc/jwks_url FORMAT']],
  ['a password in the address', { jwks_url: 'https://a:b@sso.example.cn/' }, ['/tokens/oidc/jwks_url FORMAT']],
  ['no keys', { jwks_url: null }, ['/tokens/oidc/jwks_url REQUIRED']],
  ['keys from two places', { jwks_file: 'a' }, ['/tokens/oidc/jwks_url REQUIRED']],
  ['authorities for a file', { jwks_url: null, jwks_file: 'a', ca_file: 'b' }, ['/tokens/oidc/ca_file CONFLICT']],
  ['a claim that leads nowhere', { role_claim: 'a..b' }, ['/tokens/oidc/role_claim FORMAT']],
  ['a setting that there is not', { secret: 'x' }, ['/tokens/oidc/secret UNKNOWN_FIELD']],
])('refuses %s', (_what, changes, problems) => {
  expect(wrong({ oidc: { ...OIDC, ...(changes as object) } })).toEqual(problems);
});

test('refuses two issuers of one name', () => {
  const same: TokensSection = { issuer: OIDC.issuer, oidc: OIDC };
  expect(wrong(same)).toEqual(['/tokens/oidc/issuer DUPLICATE']);
});
