import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const SMALLEST = `
region: "320600"
name: 南通市
peer: { endpoint: "gw.nantong.example:7443" }
`;

const timestampsOf = (section: string) =>
  parseConfig(`${SMALLEST}evidence: { timestamps: ${section} }\n`, '/etc/tongban/gateway.yaml').evidence.timestamps;

test('nobody stamps the log unless an authority is named', () => {
  expect(parseConfig(SMALLEST, '/etc/tongban/gateway.yaml').evidence.timestamps).toBeUndefined();
});

test('an authority and its certificates are enough: hourly, a day of grace, a warning', () => {
  expect(timestampsOf('{ url: "https://tsa.example/tsr", ca_file: tsa.pem }')).toEqual({
    url: 'https://tsa.example/tsr',
    caFile: '/etc/tongban/tsa.pem',
    intervalMs: 3_600_000,
    graceMs: 86_400_000,
    policy: 'warn',
    authorityPolicy: undefined,
  });
});

test('everything can be set', () => {
  const all = `{ url: "http://10.0.0.9/tsr", ca_file: /pki/tsa.pem, interval_ms: 60000, grace_ms: 0, policy: refuse,
    authority_policy: "1.2.156.1.2" }`;
  expect(timestampsOf(all)).toEqual({
    url: 'http://10.0.0.9/tsr',
    caFile: '/pki/tsa.pem',
    intervalMs: 60_000,
    graceMs: 0,
    policy: 'refuse',
    authorityPolicy: '1.2.156.1.2',
  });
});

test.each([
  ['no address', '{ ca_file: tsa.pem }', '/evidence/timestamps/url'],
  ['another protocol', '{ url: "ftp://tsa.example", ca_file: tsa.pem }', '/evidence/timestamps/url'],
  ['a password in the address', '{ url: "http://a:b@tsa.example", ca_file: tsa.pem }', '/evidence/timestamps/url'],
  ['no certificates', '{ url: "http://tsa.example" }', '/evidence/timestamps/ca_file'],
  ['another policy', '{ url: "http://tsa.example", ca_file: a, policy: stop }', '/evidence/timestamps/policy'],
  [
    'a frantic interval',
    '{ url: "http://tsa.example", ca_file: a, interval_ms: 10 }',
    '/evidence/timestamps/interval_ms',
  ],
])('%s is refused by its path', (_, section, pointer) => {
  expect(() => timestampsOf(section)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      problems: expect.arrayContaining([expect.objectContaining({ pointer })]),
    }),
  );
});
