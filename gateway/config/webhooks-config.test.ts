import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const read = (section: string) =>
  parseConfig(`region: '320600'\nname: 南通\npeer: { endpoint: '127.0.0.1:7443' }\n${section}\n`, '/data/gateway.yaml')
    .webhooks;

test('platforms may have nothing sent anywhere unless told where', () => {
  expect(read('')).toEqual({ targets: [], networks: [] });
  expect(read('webhooks: { targets: ["https://Hall.example:443/"], networks: ["10.0.0.0/8"] }')).toEqual({
    targets: ['https://hall.example'],
    networks: ['10.0.0.0/8'],
  });
});

test.each([
  ['targets: ["hall.example"]', '/webhooks/targets/0'],
  ['targets: ["ftp://hall.example"]', '/webhooks/targets/0'],
  ['targets: ["https://hall.example/events"]', '/webhooks/targets/0'],
  ['targets: ["https://u:p@hall.example"]', '/webhooks/targets/0'],
  ['networks: ["10.0.0.0"]', '/webhooks/networks/0'],
])('%s is refused', (setting, pointer) => {
  expect(() => read(`webhooks: { ${setting} }`)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', problems: [expect.objectContaining({ pointer })] }),
  );
});
