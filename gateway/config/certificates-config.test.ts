import { expect, test } from 'vitest';
import { CodedError } from '#proto';
import { parseConfig } from './config.ts';

const FILE = '/etc/tongban/gateway.yaml';

function certificatesOf(section: string, endpoint = 'gw.nantong.example:7443') {
  const smallest = `region: "320600"\nname: 南通市\npeer: { endpoint: "${endpoint}" }\n`;
  return parseConfig(`${smallest}certificates: ${section}\n`, FILE).certificates;
}

function problemsOf(section: string): string[] {
  try {
    certificatesOf(section);
  } catch (error) {
    if (error instanceof CodedError) return error.problems.map(({ pointer }) => pointer);
    throw error;
  }
  return [];
}

test('the lists are at the host that peers dial, unless told', () => {
  expect(certificatesOf('{}').statusBaseUri).toBe('https://gw.nantong.example/status-lists/');
  expect(certificatesOf('{}', '[2001:db8::1]:7443').statusBaseUri).toBe('https://[2001:db8::1]/status-lists/');
  for (const base of ['http://lists.example/nantong', 'http://lists.example/nantong/'])
    expect(certificatesOf(`{ status_base_url: "${base}" }`).statusBaseUri).toBe(
      'http://lists.example/nantong/status-lists/',
    );
});

test('everything can be set', () => {
  const all = `{ status_base_url: "https://zz.nantong.example", status_ttl_ms: 60000, status_lifetime_hours: 2,
    status_sources: { "150626": "http://10.15.6.26/lists" }, status_max_age_hours: 1 }`;
  expect(certificatesOf(all)).toEqual({
    statusBaseUri: 'https://zz.nantong.example/status-lists/',
    statusTtlMs: 60_000,
    statusLifetimeMs: 7_200_000,
    statusSources: { '150626': 'http://10.15.6.26/lists/' },
    statusMaxAgeMs: 3_600_000,
  });
});

test.each([
  ['{ status_base_url: "ftp://lists.example" }', '/certificates/status_base_url'],
  ['{ status_base_url: "https://lists.example/?list=" }', '/certificates/status_base_url'],
  ['{ status_base_url: "https://me:secret@lists.example/" }', '/certificates/status_base_url'],
  ['{ status_ttl_ms: 1 }', '/certificates/status_ttl_ms'],
  ['{ status_ttl_ms: 7200000, status_lifetime_hours: 1 }', '/certificates/status_lifetime_hours'],
  ['{ status_sources: { "1506": "http://10.0.0.1/" } }', '/certificates/status_sources/1506'],
  ['{ status_sources: { "150626": "file:///srv/lists/" } }', '/certificates/status_sources/150626'],
  ['{ status_url: "https://lists.example" }', '/certificates/status_url'],
])('%s is refused', (section, pointer) => {
  expect(problemsOf(section)).toEqual([pointer]);
});
