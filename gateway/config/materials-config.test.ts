import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const read = (section: string) =>
  parseConfig(`region: '320600'\nname: 南通\npeer: { endpoint: '127.0.0.1:7443' }\n${section}\n`, '/data/gateway.yaml');

test('nobody looks for malware unless told; then what was not scanned is held', () => {
  expect(read('').materials).toEqual({ scan: undefined });
  expect(read('materials: { scan: { clamd: "tcp://scanner.example:3310" } }').materials.scan).toEqual({
    clamd: { host: 'scanner.example', port: 3310 },
    timeoutMs: 60_000,
    onUnavailable: 'hold',
  });
});

test('a scanner of the machine is reached by its socket', () => {
  const { scan } = read(
    'materials: { scan: { clamd: "unix:///run/clamav/clamd.ctl", on_unavailable: pass } }',
  ).materials;
  expect(scan).toMatchObject({ clamd: { path: '/run/clamav/clamd.ctl' }, onUnavailable: 'pass' });
});

test.each([
  ['clamd: "http://x:3310"', '/materials/scan/clamd'],
  ['clamd: "tcp://x"', '/materials/scan/clamd'],
  ['clamd: "unix:"', '/materials/scan/clamd'],
  ['clamd: "tcp://x:1", timeout_ms: 10', '/materials/scan/timeout_ms'],
  ['clamd: "tcp://x:1", on_unavailable: maybe', '/materials/scan/on_unavailable'],
])('%s is refused', (setting, pointer) => {
  expect(() => read(`materials: { scan: { ${setting} } }`)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', problems: [expect.objectContaining({ pointer })] }),
  );
});
