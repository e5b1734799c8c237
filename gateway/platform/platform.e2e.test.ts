import { appendFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintToken, readApiKey } from '../api/token.ts';
import { loadConfig } from '../config/config.ts';
import { localSubject } from '../duty/administrator.ts';
import { APPLICANT, caseInput, NO_MATERIALS, WINDOW } from '../testing/agency-case.ts';
import {
  call,
  discard,
  type GatewayProcess,
  joinRegions,
  kill,
  restart,
  startRegion,
} from '../testing/gateway-process.ts';
import { until } from '../testing/live-region.ts';

interface Heard {
  readonly type: string;
  readonly subject: string;
  readonly data: { readonly state?: string };
}

let nantong: GatewayProcess;
let uxin: GatewayProcess;
let platform: Server;
let hall: { in: string; out: string };
const heard: Heard[] = [];

/** The handling region's platform: takes webhooks, and is out of order for the first one. */
function listen(): Promise<Server> {
  let outOfOrder = true;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      if (!outOfOrder) heard.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(outOfOrder ? 503 : 204).end();
      outOfOrder = false;
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

beforeAll(async () => {
  platform = await listen();
  [nantong, uxin] = await Promise.all([startRegion('320600', '南通市'), startRegion('150626', '乌审旗')]);
  hall = { in: join(nantong.folder, 'hall-in'), out: join(nantong.folder, 'hall-out') };
  await mkdir(hall.in);
  await mkdir(hall.out);
  const { port } = platform.address() as AddressInfo;
  await configure(
    nantong,
    `  - { kind: directory, name: hall, in: "${hall.in}", out: "${hall.out}", poll_ms: 1000 }\n`,
  );
  await configure(
    uxin,
    `  - { kind: http, name: office, url: "http://127.0.0.1:${port}/events", auth: { type: none } }\n`,
  );
  await joinRegions(nantong, uxin);
});

afterAll(async () => {
  platform?.close();
  await Promise.all([nantong, uxin].filter(Boolean).map(discard));
});

async function configure(gateway: GatewayProcess, platforms: string): Promise<void> {
  await appendFile(join(gateway.folder, 'gateway.yaml'), `\nplatforms:\n${platforms}`);
  await kill(gateway);
  await restart(gateway);
}

describe('the platforms of two regions', () => {
  it('carry a case: a file in a folder here becomes a webhook there', async () => {
    await writeFile(join(hall.in, 'first.json.tmp'), JSON.stringify(caseInput('150626', NO_MATERIALS)));
    await rename(join(hall.in, 'first.json.tmp'), join(hall.in, 'first.json'));
    await until('the webhook', () => heard.some(({ type }) => type === 'cn.tongban.case.transfer.v1'), 30_000);
    const transfer = heard.find(({ type }) => type === 'cn.tongban.case.transfer.v1')!;
    expect(transfer.data.state).toBe('transferred');
    const there = await call<{ state: string }>(uxin, 'GET', `/v1/cases/${transfer.subject}`);
    expect(there.state).toBe('transferred');
    expect(JSON.stringify(heard)).not.toMatch(/测试食品|13800000000|92320600MA00000038/);
  });

  it('hear of every step at home, and what became of the file', async () => {
    await until('the events', async () => (await eventTypes()).includes('cn.tongban.case.transfer.v1'));
    // The notice of what was taken in is made by and by, and told of then.
    const steps = (await eventTypes()).filter((type) => type.includes('.case.') && !type.includes('paper-issued'));
    expect(steps).toEqual(['cn.tongban.case.receive.v1', 'cn.tongban.case.transfer.v1']);
    expect(await readdir(join(hall.in, 'done'))).toContain('first.json');
  });

  it('learn what is wrong with a bad submission, and nothing is sent', async () => {
    const before = heard.length;
    const bad = caseInput('150626', 'EX999', { handler: { organisation: '', staff: '' } });
    await writeFile(join(hall.in, 'bad.json.tmp'), JSON.stringify(bad));
    await rename(join(hall.in, 'bad.json.tmp'), join(hall.in, 'bad.json'));
    const report = join(hall.in, 'failed', 'bad.json.error.json');
    await until(
      'the report',
      () =>
        readFile(report).then(
          () => true,
          () => false,
        ),
      30_000,
    );
    expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({ code: 'VALIDATION_FAILED' });
    const { cases } = await call<{ cases: unknown[] }>(nantong, 'GET', '/v1/cases');
    expect({ cases: cases.length, heard: heard.length }).toEqual({ cases: 1, heard: before });
  });
});

describe('a platform with words of its own', () => {
  /** Which column names the handling region is what the first version has wrong. */
  const mapping = (column: string) => `
mapping: 1
in:
  - reference: SBLSH
    open:
      handlingRegion: { from: ${column}, required: true }
      item: SXBM
      mode: { value: agency }
      applicant.kind: { value: legal-person }
      applicant.name: { from: SQRMC, required: true }
      applicant.documentType: { value: social-credit-code }
      applicant.documentNumber: SQRZJHM
      handler.organisation: { from: SLDW, required: true }
      handler.window: SLCK
      handler.staff: { from: SLRYGH, required: true }
`;
  const RECORD = {
    ...{ SBLSH: 'NT-0001', BLDQ: '150626', SXBM: NO_MATERIALS, SQRMC: APPLICANT.name },
    ...{ SQRZJHM: APPLICANT.documentNumber, SLDW: WINDOW.organisation, SLCK: WINDOW.window, SLRYGH: WINDOW.staff },
  };
  let old: string;
  let file: string;

  beforeAll(async () => {
    old = join(nantong.folder, 'old-in');
    file = join(nantong.folder, 'old.yaml');
    await mkdir(old);
    await writeFile(file, mapping('XZQH'));
    await appendFile(
      join(nantong.folder, 'gateway.yaml'),
      `  - { kind: directory, name: old, in: "${old}", poll_ms: 1000, mapping: "${file}" }\n`,
    );
    await kill(nantong);
    await restart(nantong);
  });

  async function place(name: string): Promise<void> {
    await writeFile(join(old, `${name}.tmp`), JSON.stringify(RECORD));
    await rename(join(old, `${name}.tmp`), join(old, name));
  }

  function letters(state: 'open' | 'closed') {
    type Page = { letters: { id: string; code: string; closing?: { by: string; outcome: string } }[] };
    return call<Page>(nantong, 'GET', `/v1/dead-letters?queue=intake&name=old&state=${state}`);
  }

  it('has what the mapping does not understand parked with the reason, where everybody sees it', async () => {
    await place('one.json');
    await until('the letter', async () => (await letters('open')).letters.length === 1, 30_000);
    const [letter] = (await letters('open')).letters;
    expect(letter).toMatchObject({ code: 'MAPPING_FAILED', queue: 'intake', type: 'document' });
    const { detail } = await call<{ detail: object }>(nantong, 'GET', `/v1/dead-letters/${letter!.id}`);
    expect(detail).toMatchObject({
      attempts: 1,
      problems: [{ pointer: expect.any(String), message: expect.any(String) }],
    });
    expect(JSON.stringify([letter, detail])).not.toContain(APPLICANT.name);
    const metrics = await (await fetch(`${nantong.url}/metrics`)).text();
    expect(metrics).toMatch(/tongban_dead_letters\{queue="intake",name="old"\} 1/);
    expect(metrics).toMatch(/tongban_platform_submissions_total\{adapter="old",outcome="refused"\} 1/);
    const ready = await (await fetch(`${nantong.url}/readyz`)).json();
    expect(ready).toMatchObject({ checks: { 'submissions:old': false } });
    await until('the platform is told', async () => (await readdir(join(old, 'failed'))).includes('one.json'));
  });

  it('has it done once when the mapping is mended, without a restart, and an operator tries it again', async () => {
    await writeFile(file, mapping('BLDQ'));
    const [letter] = (await letters('open')).letters;
    const { tokens, keys } = await loadConfig(join(nantong.folder, 'gateway.yaml'));
    const secret = await readApiKey(keys.directory);
    const claims = { role: 'sysadmin', subject: localSubject('sysadmin')!, ttlSeconds: 600, now: Date.now() } as const;
    const token = await mintToken({ ...claims, secret, ...tokens });
    const retry = () =>
      fetch(`${nantong.url}/v1/dead-letters/${letter!.id}/retry`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ reason: '映射已修正' }),
      });
    const before = (await call<{ cases: unknown[] }>(nantong, 'GET', '/v1/cases')).cases.length;
    expect((await retry()).status).toBe(200);
    expect((await retry()).status).toBe(409);
    await place('one.json');
    await until(
      'the platform is told',
      async () => (await readdir(join(old, 'done')).catch(() => [])).length > 0,
      30_000,
    );
    const { cases } = await call<{ cases: { conversation: string; item: string }[] }>(nantong, 'GET', '/v1/cases');
    expect(cases.length).toBe(before + 1);
    expect((await letters('open')).letters).toEqual([]);
    expect((await letters('closed')).letters).toMatchObject([
      { closing: { outcome: 'retried', by: 'local-sysadmin' } },
    ]);
    const { conversation } = cases.find(({ item }) => item === NO_MATERIALS)!;
    const { deeds } = await call<{ deeds: object[] }>(nantong, 'GET', `/v1/cases/${conversation}/trace`);
    expect(deeds[0]).toMatchObject({ event: 'receive', region: '320600', handler: WINDOW });
  });
});

async function eventTypes(): Promise<string[]> {
  const names = (await readdir(hall.out)).filter((name) => name.endsWith('.json')).sort();
  const events = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(hall.out, name), 'utf8')) as Heard),
  );
  return events.map(({ type }) => type);
}
