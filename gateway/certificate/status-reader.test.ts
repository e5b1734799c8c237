import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CodedError, regionUrn, TYP } from '#proto';
import {
  builtInCertificateTypes,
  type CertificateContent,
  issueCertificate,
  issueStatusList,
  STATUS_LIST_SIZE,
  type StatusReference,
  signJws,
} from '#trust';
import { type CheckRegion, checkRegion, licence } from '../testing/check-region.ts';
import { contentOf } from './issuable.ts';
import { StatusReader } from './status-reader.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const MINUTE_MS = 60 * 1000;
const TTL_MS = 15 * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

let time: number;
let uxin: CheckRegion;
let nantong: CheckRegion;
let server: Server;
/** What the web server of the issuing region answers; undefined: nothing but errors. */
let served: { text: string; etag: string } | undefined;
let asked: { path: string; headers: IncomingHttpHeaders; status: number }[];
let certificate: string;
let identifier: string;

beforeEach(async () => {
  time = NOW;
  const clock = { now: () => time };
  uxin = await checkRegion('150626', clock);
  nantong = await checkRegion('320600', clock);
  nantong.pinned.set('150626', uxin.own);
  ({ text: certificate, identifier } = await uxin.certificates.issue(licence(NOW)));
  served = undefined;
  asked = [];
  server = createServer((request, response) => {
    const unchanged = served && request.headers['if-none-match'] === served.etag;
    const status = served ? (unchanged ? 304 : 200) : 500;
    asked.push({ path: request.url!, headers: request.headers, status });
    response.writeHead(status, served ? { etag: served.etag } : {});
    response.end(status === 200 ? served!.text : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  nantong.statusSources['150626'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/lists/`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await uxin.close();
  await nantong.close();
});

async function publish(): Promise<void> {
  const { text, issuedAt } = await uxin.statusLists.published(1);
  served = { text, etag: `"v${issuedAt / 1000}"` };
}

const verify = () => nantong.certificates.verify(certificate);
const decide = (status: 'revoked' | 'suspended') => uxin.certificates.setStatus(identifier, status, '核查', 'window');

/** A certificate that names whatever entry of whatever list. */
function contentNaming(statusList: StatusReference, region: string): CertificateContent {
  const issuance = { region, types: builtInCertificateTypes, serial: '2026000099', issuedAt: NOW };
  return { ...contentOf(licence(NOW), issuance), statusList };
}

function uxinList(n: number): string {
  return `https://150626.example/status-lists/${n}`;
}

function uxinIssues(changes: { uri?: string; expiresAt?: number }): Promise<string> {
  return issueStatusList(uxin.own.certificate, {
    region: '150626',
    uri: uxinList(1),
    aggregationUri: 'https://150626.example/status-lists',
    size: STATUS_LIST_SIZE,
    entries: [],
    issuedAt: NOW,
    ttl: TTL_MS,
    expiresAt: NOW + DAY_MS,
    ...changes,
  });
}

function unreadCodes(): unknown[] {
  return nantong.unread.map((error) => (error instanceof CodedError ? error.code : error));
}

describe('a certificate of another region', () => {
  it('is judged by the list that its region published, and the list is fetched once in its time to live', async () => {
    await publish();
    expect(await verify()).toMatchObject({ source: 'list', status: 'valid', asOf: NOW });
    time += TTL_MS - 1;
    expect(await verify()).toMatchObject({ source: 'list', status: 'valid' });
    expect(asked.map(({ path, status }) => [path, status])).toEqual([['/lists/1', 200]]);
  });

  it('is found revoked within the time to live of the list, by the next list', async () => {
    await publish();
    await verify();
    await decide('revoked');
    time += TTL_MS;
    await publish();
    expect(await verify()).toMatchObject({ source: 'list', status: 'revoked', asOf: time });
  });

  it('is not asked about again while its list is unchanged', async () => {
    await publish();
    await verify();
    const { etag } = served!;
    time += TTL_MS;
    expect(await verify()).toMatchObject({ source: 'list', asOf: NOW });
    expect(asked.map(({ status, headers }) => [status, headers['if-none-match']])).toEqual([
      [200, undefined],
      [304, etag],
    ]);
    // A cache between must ask the issuer too, or a revocation could take twice as long as the list says.
    expect(asked.map(({ headers }) => headers['cache-control'])).toEqual(['no-cache', 'no-cache']);
  });

  it('is expired, whatever the list says', async () => {
    await publish();
    time += 6 * 365 * DAY_MS;
    const text = await uxinIssues({ expiresAt: time + DAY_MS });
    served = { text, etag: '"late"' };
    // The list is far too old, so that only the dates are left.
    expect(await verify()).toMatchObject({ source: 'dates', status: 'expired' });
  });

  it('is judged by its dates alone where we know no source of lists, and nobody is asked', async () => {
    await publish();
    delete nantong.statusSources['150626'];
    expect(await verify()).toMatchObject({ source: 'dates', status: 'valid' });
    expect(asked).toEqual([]);
  });

  it('is judged by the copy while the web server is away, but not by one that is too old', async () => {
    await publish();
    await verify();
    served = undefined;
    time += TTL_MS;
    expect(await verify()).toMatchObject({ source: 'list', status: 'valid', asOf: NOW });
    await verify();
    // It is left alone for a while.
    expect(asked.map(({ status }) => status)).toEqual([200, 500]);
    time = NOW + DAY_MS;
    expect(await verify()).toMatchObject({ source: 'list' });
    time += 1;
    expect(await verify()).toMatchObject({ source: 'dates', status: 'valid' });
    expect(unreadCodes()).toContain('STATUS_UNKNOWN');
  });

  it('is judged after a restart by the copy that was kept, which an older list cannot replace', async () => {
    await publish();
    const old = served!;
    time += MINUTE_MS;
    await decide('suspended');
    await publish();
    await verify();
    served = undefined;
    time += TTL_MS;
    const failures: unknown[] = [];
    const restarted = new StatusReader({
      store: nantong.store,
      clock: { now: () => time },
      statementOf: () => uxin.own.statement,
      sources: nantong.statusSources,
      maxAgeMs: DAY_MS,
      onError: (_issuer, error) => failures.push(error),
    });
    const verified = await verify();
    expect(await restarted.statusOf(verified)).toEqual({ word: 'suspended', asOf: NOW + MINUTE_MS });
    served = old;
    time += MINUTE_MS;
    expect(await restarted.statusOf(verified)).toMatchObject({ word: 'suspended' });
    expect(failures).toMatchObject([{ code: 'STATUS_UNKNOWN' }, { code: 'STATUS_LIST_STALE' }]);
  });
});

describe('a list is not believed', () => {
  it('that is older than one that was seen, and the newer one stays', async () => {
    await publish();
    const old = served!;
    time += MINUTE_MS;
    await decide('revoked');
    await publish();
    expect(await verify()).toMatchObject({ status: 'revoked' });
    served = old;
    time += TTL_MS;
    expect(await verify()).toMatchObject({ source: 'list', status: 'revoked' });
    expect(unreadCodes()).toEqual(['STATUS_LIST_STALE']);
  });

  it.each<[string, () => Promise<string>, string]>([
    [
      'of another region',
      async () => {
        await nantong.certificates.issue(licence(NOW));
        return (await nantong.statusLists.published(1)).text;
      },
      'STATUS_LIST_ISSUER',
    ],
    ['of another address', () => uxinIssues({ uri: uxinList(2) }), 'STATUS_LIST_ISSUER'],
    [
      'of another kind',
      () => signJws(uxin.own.certificate, TYP.certificate, { iss: regionUrn('150626') }),
      'TYP_MISMATCH',
    ],
    ['that is a page', async () => '<html></html>', 'STATUS_LIST_INVALID'],
    ['that is too large', async () => 'a'.repeat(3 * 1024 * 1024), 'STATUS_UNKNOWN'],
  ])('%s', async (_what, make, code) => {
    served = { text: await make(), etag: '"x"' };
    expect(await verify()).toMatchObject({ source: 'dates', status: 'valid' });
    expect(unreadCodes()).toEqual([code]);
    expect(await nantong.store.read.all('SELECT uri FROM status_list_copy')).toEqual([]);
  });

  it('that a region names in its certificates although it is of another', async () => {
    await publish();
    await verify();
    const quanzhou = await checkRegion('350500', { now: () => time });
    nantong.pinned.set('350500', quanzhou.own);
    nantong.statusSources['350500'] = nantong.statusSources['150626']!;
    const { verified } = await quanzhou.certificates.issue(licence(NOW));
    const content = contentNaming({ idx: 5, uri: uxinList(1) }, '350500');
    const borrowed = await issueCertificate(quanzhou.own.certificate, content, NOW);
    await quanzhou.close();
    expect(verified.certificate.statusList?.uri).toBe('https://350500.example/status-lists/1');
    expect(await nantong.certificates.verify(borrowed)).toMatchObject({ source: 'dates', issuer: '350500' });
    expect(unreadCodes()).toEqual(['STATUS_LIST_ISSUER']);
  });

  it('when the certificate names an entry that it does not have', async () => {
    const content = contentNaming({ idx: STATUS_LIST_SIZE, uri: uxinList(1) }, '150626');
    const outside = await issueCertificate(uxin.own.certificate, content, NOW);
    await publish();
    await expect(nantong.certificates.verify(outside)).rejects.toThrow(
      expect.objectContaining({ code: 'STATUS_INDEX' }),
    );
  });
});
