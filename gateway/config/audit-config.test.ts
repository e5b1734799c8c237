import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const read = (section: string) =>
  parseConfig(`region: '320600'\nname: 南通\npeer: { endpoint: '127.0.0.1:7443' }\n${section}\n`, '/data/gateway.yaml');

test('records are kept for three years, and nobody collects them, unless told', () => {
  expect(read('').audit).toEqual({ keepDays: 1096, syslog: undefined });
});

test('a collector is reached over UDP, TCP or TLS', () => {
  expect(read('audit: { keep_days: 180, syslog: { url: "tls://logs.example:6514", ca_file: ca.pem } }').audit).toEqual({
    keepDays: 180,
    syslog: { transport: 'tls', host: 'logs.example', port: 6514, caFile: '/data/ca.pem' },
  });
  expect(read('audit: { syslog: { url: "udp://[::1]:514" } }').audit.syslog).toMatchObject({
    transport: 'udp',
    host: '::1',
    port: 514,
  });
});

test.each([
  ['keep_days: 179', '/audit/keep_days'],
  ['keep_days: 0', '/audit/keep_days'],
  ['syslog: { url: "http://logs.example:514" }', '/audit/syslog/url'],
  ['syslog: { url: "tcp://logs.example" }', '/audit/syslog/url'],
  ['syslog: { url: "tcp://logs.example:514/x" }', '/audit/syslog/url'],
  ['syslog: {}', '/audit/syslog/url'],
])('%s is refused', (setting, pointer) => {
  expect(() => read(`audit: { ${setting} }`)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', problems: [expect.objectContaining({ pointer })] }),
  );
});
