import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestAuthority } from '../../../trust/testing/reference-signer/authority.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { createLog } from '../../telemetry/log.ts';
import type { AuditAct, AuditRecord } from '../audit-record.ts';
import { AuditTrail } from '../audit-trail.ts';
import { type LittleCollector, startCollector, startDatagramCollector } from '../testing/little-collector.ts';
import { collectorOf } from './collector.ts';
import { exportedUpTo, SyslogExporter } from './exporter.ts';
import { syslogMessage } from './message.ts';

const NOW = Date.UTC(2026, 10, 1, 8, 0, 0, 123);
const FORM = /^<(\d+)>1 (\S+) gateway-320600 tongban - audit \[meta sequenceId="(\d+)"\] \ufeff(\{.*\})$/s;

let folder: string;
let store: Store;
let trail: AuditTrail;
let position = 0;
const closing: (() => Promise<unknown>)[] = [];
const log = createLog({ level: 'silent', region: '320600', clock: { now: () => NOW } }, { write: () => {} });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-syslog-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  const evidence = { append: async () => ++position };
  const clock = { now: () => NOW };
  trail = new AuditTrail({ store, clock, log, region: '320600', evidence, suite: 'ES256', apiKey: Buffer.alloc(32) });
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await store.close();
  await rm(folder, { recursive: true });
});

async function acts(count: number, outcome = 'done'): Promise<void> {
  const act: AuditAct = {
    at: NOW,
    request: 'r',
    route: 'POST /v1/peers',
    target: '',
    role: 'secadmin',
    actor: 'a',
    factor: 'otp',
    reason: '',
    body: '',
  };
  for (let n = 0; n < count; n += 1) await trail.end(await trail.begin(act), act, outcome, 200);
}

function exporting(to: { transport: 'udp' | 'tcp' | 'tls'; port: number; ca?: string }): SyslogExporter {
  const config = { transport: to.transport, host: '127.0.0.1', port: to.port, caFile: undefined };
  const collector = collectorOf(config, to.ca);
  const exporter = new SyslogExporter({ store, log, region: '320600', trail, collector, pauseMs: 1 });
  exporter.start();
  closing.push(() => exporter.stop());
  return exporter;
}

function collected(collector: LittleCollector): LittleCollector {
  closing.push(() => collector.stop());
  return collector;
}

/** Numbers of the messages that came. */
const numbers = ({ messages }: LittleCollector) => messages.map((message) => Number(FORM.exec(message)?.[3]));
const arrived = (collector: LittleCollector, count: number) =>
  vi.waitFor(() => expect(new Set(numbers(collector)).size).toBe(count), { timeout: 10_000, interval: 20 });

describe('a message', () => {
  it('has the form of RFC 5424, with the very text that was logged', () => {
    const record = { version: 1, at: NOW, outcome: 'done', factor: 'otp', reason: '原因' } as AuditRecord;
    const text = JSON.stringify(record);
    const [, priority, at, sequence, body] = FORM.exec(syslogMessage('320600', 7, text).toString())!;
    // Facility 13, severity 5
    expect([priority, at, sequence, body]).toEqual(['109', '2026-11-01T08:00:00.123Z', '7', text]);
    const refused = JSON.stringify({ ...record, outcome: 'FORBIDDEN' });
    expect(syslogMessage('320600', 7, refused).toString()).toMatch(/^<108>1 /);
    const inEmergency = JSON.stringify({ ...record, factor: 'break-glass' });
    expect(syslogMessage('320600', 2 ** 31, inEmergency).toString()).toMatch(/^<108>1 .*sequenceId="1"/);
  });
});

describe('records', () => {
  it('are brought over TCP, each once, in their order, and the new ones when they come', async () => {
    await acts(450);
    const collector = collected(await startCollector({}));
    exporting({ transport: 'tcp', port: collector.port });
    await arrived(collector, 450);
    await acts(3, 'CONFLICT');
    await arrived(collector, 453);
    expect(numbers(collector)).toEqual(Array.from({ length: 453 }, (_, n) => n + 1));
    await vi.waitFor(async () => expect(await exportedUpTo(store.read)).toBe(453));
  });

  it('are brought over TLS to whom the authority vouches for, and to nobody else', async () => {
    const [authority, other] = [await TestAuthority.make(), await TestAuthority.make()];
    const { certificate, key } = await authority.issue('127.0.0.1');
    const collector = collected(await startCollector({ tls: { key, cert: certificate } }));
    await acts(2);
    const distrusting = exporting({ transport: 'tls', port: collector.port, ca: other.certificate });
    await vi.waitFor(() => expect(collector.broken()).toBeGreaterThan(0));
    await distrusting.stop();
    expect(await exportedUpTo(store.read)).toBe(0);
    expect(collector.messages).toEqual([]);
    exporting({ transport: 'tls', port: collector.port, ca: authority.certificate });
    await arrived(collector, 2);
  });

  it('are brought over UDP', async () => {
    const collector = collected(await startDatagramCollector());
    await acts(5);
    exporting({ transport: 'udp', port: collector.port });
    await arrived(collector, 5);
  });

  it('wait for a collector that is away, and over a restart', async () => {
    const first = await startCollector({});
    const { port } = first;
    await first.stop();
    await acts(2);
    const before = exporting({ transport: 'tcp', port });
    await acts(2);
    await before.stop();
    expect(await exportedUpTo(store.read)).toBe(0);
    const collector = collected(await startCollector({ port }));
    exporting({ transport: 'tcp', port });
    await arrived(collector, 4);
  });

  it('of a batch that broke off are sent again', async () => {
    const breaking = await startCollector({ breaksAfter: 100 });
    const { port } = breaking;
    await acts(20);
    exporting({ transport: 'tcp', port });
    await vi.waitFor(() => expect(breaking.broken()).toBeGreaterThan(0));
    expect(await exportedUpTo(store.read)).toBe(0);
    await breaking.stop();
    const collector = collected(await startCollector({ port }));
    await arrived(collector, 20);
  });
});
