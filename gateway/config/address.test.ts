import { expect, test } from 'vitest';
import { formatAddress, localUrl, parseAddress } from './address.ts';

test.each([
  ['127.0.0.1:8080', '127.0.0.1', 8080],
  ['gw.example-1.cn:0', 'gw.example-1.cn', 0],
  ['[::1]:65535', '::1', 65535],
])('%s is read and written alike', (text, host, port) => {
  expect(parseAddress(text)).toEqual({ host, port });
  expect(formatAddress({ host, port })).toBe(text);
});

test('a port alone means every interface', () => {
  expect(parseAddress(':7443')).toEqual({ host: '0.0.0.0', port: 7443 });
});

test.each(['', 'host', 'host:', 'host:65536', 'host:-1', '::1:80', 'a b:1', 'http://a:1', '-a:1'])(
  '%j is no address',
  (text) => {
    expect(parseAddress(text)).toBeUndefined();
  },
);

test('a local caller dials the loopback where every interface listens', () => {
  expect(localUrl({ host: '0.0.0.0', port: 1 })).toBe('http://127.0.0.1:1');
  expect(localUrl({ host: '::', port: 1 })).toBe('http://[::1]:1');
  expect(localUrl({ host: '10.0.0.9', port: 1 })).toBe('http://10.0.0.9:1');
});
