import { appendFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFileKeyStore, readAuthorities, verifyBundle } from '#trust';
import { NO_OPENSSL, OPENSSL, type TestAuthority, testAuthority } from '../../../trust/testing/timestamp-authority.ts';
import { revoking } from '../../../trust/testing/witnessed-case.ts';
import { authorize, caseInput, NO_MATERIALS } from '../../testing/agency-case.ts';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';
import { pinEachOther, TEST_PASSPHRASE, until } from '../../testing/live-region.ts';

/** A gateway whose log is stamped by the openssl command line behind a small server, and refuses without it. */
let authority: TestAuthority;
let server: Server;
let isUp = true;
let nantong: ApiRegion;
let uxin: ApiRegion;

describe.skipIf(!OPENSSL)(`a gateway with a timestamp authority${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
  beforeAll(async () => {
    authority = await testAuthority();
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (!isUp) return void response.writeHead(503).end();
      response.writeHead(200, { 'content-type': 'application/timestamp-reply' });
      response.end(authority.answer(Buffer.concat(chunks)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    nantong = await apiRegion('320600', async (folder) => {
      await writeFile(join(folder, 'tsa.pem'), authority.ca);
      const settings = { url: `http://127.0.0.1:${port}`, ca_file: 'tsa.pem', interval_ms: 1000, grace_ms: 0 };
      const section = JSON.stringify({ checkpoint_interval_ms: 50, timestamps: { ...settings, policy: 'refuse' } });
      await appendFile(join(folder, 'gateway.yaml'), `\nevidence: ${section}\n`);
    });
    uxin = await apiRegion('150626');
    await pinEachOther(nantong.live, uxin.live);
    await authorize(nantong.live, uxin.live);
  });

  afterAll(async () => {
    await Promise.all([nantong?.close(), uxin?.close()]);
    server?.closeAllConnections();
    server?.close();
    authority?.close();
  });

  const submit = () =>
    nantong.ask('POST', '/v1/cases/submit', { role: 'platform', body: caseInput('150626', NO_MATERIALS) });
  const timestamps = async () => (await nantong.ask('GET', '/v1/log/witnesses', { role: 'auditor' })).json.timestamps;
  const stampedSize = async () => (await timestamps()).lastSize as number;

  it('has its log stamped, and its bundles stand on that alone when a key is revoked', async () => {
    const { status, json } = await submit();
    expect(status).toBe(201);
    await until('the receipt', async () => nantong.live.core.outbox.pending('150626') === 0);
    await nantong.live.core.evidence.integrate();
    const { size } = nantong.live.core.evidence;
    await until('the timestamp', async () => (await stampedSize()) >= size);
    const bundle = await nantong.ask('GET', `/v1/cases/${json.number}/evidence`, { role: 'auditor' });
    const text = bundle.bytes.toString();
    expect(JSON.parse(text).witnessed.some((one: { timestamp?: string }) => one.timestamp !== undefined)).toBe(true);
    const { core } = uxin.live;
    const keys = { statement: core.own, identity: await identityOf(uxin), tls: core.keyring.tls };
    // Revoked after the timestamp, and no countersignature counts: nobody was given the statement of a third region,
    // and the peer lost its log key too.
    const revoked = await revoking(keys, ['signing', 'log'], Date.now() + 10_000);
    const given = [nantong.live.core.own, revoked];
    const authorities = readAuthorities(authority.ca);
    expect((await verifyBundle(text, given, { authorities })).faults).toEqual([]);
    const without = await verifyBundle(text, given);
    expect(without.faults.map(({ code }) => code)).toContain('KEY_REVOKED');
  });

  it('accepts nothing new after the grace time, says so, and goes on when the authority answers', async () => {
    isUp = false;
    await nantong.ask('POST', '/v1/peers/150626/ping', {});
    await until('the failure is seen', async () => (await timestamps()).refusing === true, 30_000);
    const before = await nantong.counts();
    expect(await submit()).toMatchObject({ status: 503, json: { code: 'TIMESTAMP_UNAVAILABLE' } });
    const after = await nantong.counts();
    for (const table of ['outbox', 'case_file', 'case_event']) expect(after[table]).toBe(before[table]);
    expect(await nantong.live.core.metrics.text()).toMatch(/tongban_timestamp_outage_seconds [0-9.]*[1-9]/);
    // What the regions tell each other about themselves goes on.
    expect((await nantong.ask('POST', '/v1/peers/150626/ping', {})).status).toBeLessThan(300);
    isUp = true;
    await until('the authority answers', async () => (await timestamps()).refusing === false, 30_000);
    expect((await submit()).status).toBe(201);
  });
});

async function identityOf({ folder }: ApiRegion) {
  return (await openFileKeyStore(join(folder, 'keys'), TEST_PASSPHRASE)).signer('identity');
}
