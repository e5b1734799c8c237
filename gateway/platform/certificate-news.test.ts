import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testContext } from '../../adapters/testing/context.ts';
import type { CertificateNews } from '../certificate/library-news.ts';
import { LetterBook } from '../dead-letter/letter-book.ts';
import { createLog } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { type CheckRegion, checkRegion, licence } from '../testing/check-region.ts';
import { certificateNews } from './certificate-news.ts';
import { PlatformEvents } from './platform-events.ts';
import { Platforms } from './platforms.ts';
import { type HttpBench, httpBench } from './testing/platform-bench.ts';
import { intakeOf } from './testing/test-gateway.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const CONVERSATION = '3f1f6f0e-3b0a-4d57-9a5e-0c4a4f8d2b11';
/** A person who does not exist; the number has a good check character. */
const HOLDER = { name: '阿依夏木·示例', documentType: 'citizen-number', number: '11010519491231002X' } as const;

/** An event as a platform has it. */
interface Event {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly sequence: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly fields?: Readonly<Record<string, unknown>> };
}

let region: CheckRegion;
let library: HttpBench;
let hall: HttpBench;
let platforms: Platforms;
let ids: number;

beforeEach(async () => {
  region = await checkRegion('150626', { now: () => NOW });
  library = await httpBench('zzk');
  hall = await httpBench('hall');
  ids = 0;
  platforms = await open('zzk');
});

afterEach(async () => {
  await platforms.stop();
  await Promise.all([library.close(), hall.close(), region.close()]);
});

/** The way to the platforms, as the gateway composes it. */
async function open(named: string | undefined): Promise<Platforms> {
  const clock = { now: Date.now };
  const events = new PlatformEvents({
    clock,
    newId: () => {
      ids += 1;
      return `event-${ids}`;
    },
  });
  region.told.tell = (tx, news) => events.emit(tx, certificateNews(news, '150626', NOW));
  const opened = new Platforms({
    region: '150626',
    store: region.store,
    clock,
    random: () => 0.5,
    log: createLog({ level: 'silent', region: '150626', clock }, { write: () => {} }),
    metrics: createMetrics(),
    events,
    letters: new LetterBook({ store: region.store, clock }),
    library: named,
    desk: () => testContext().cases,
    intake: intakeOf(() => Promise.reject(new Error('nothing is handed in here'))),
    timing: { firstWaitMs: 5, ceilingMs: 20, graceMs: 100 },
  });
  await opened.start([library.config, hall.config]);
  return opened;
}

/** What an SD-JWT says, read by hand (RFC 9901): the claims of its JWT and its disclosures. */
function claimsOf(text: string): Record<string, unknown> {
  const [jwt, ...disclosures] = text.split('~').filter((part) => part !== '');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  const disclosed = disclosures.map(read).map(([, name, value]) => [name, value]);
  return { ...read(jwt!.split('.')[1]!), ...Object.fromEntries(disclosed) };
}

async function arrived(bench: HttpBench, count: number): Promise<Event[]> {
  const check = async () => expect(await bench.received()).toHaveLength(count);
  await vi.waitFor(check, { timeout: 20_000, interval: 5 });
  return (await bench.received()) as unknown as Event[];
}

describe('the library of the region', () => {
  it('learns of a certificate that was issued, all that it needs to keep it', async () => {
    const other = { name: '𠮷示例', documentType: 'passport', number: 'E12345678' } as const;
    const input = licence(NOW, { conversation: CONVERSATION, holder: HOLDER, otherHolders: [other] });
    const { identifier, text, verified } = await region.certificates.issue(input);
    const [event] = await arrived(library, 1);
    expect(event).toMatchObject({
      type: 'cn.tongban.certificate.issued.v1',
      subject: identifier,
      data: {
        certificate: identifier,
        issuer: '150626',
        conversation: CONVERSATION,
        typeCode: verified.certificate.typeCode,
        digest: verified.digest.toString('hex'),
        status: 'valid',
        pdf: `/v1/certificates/${identifier}/pdf`,
        at: NOW,
        text,
        content: input.fields,
        fields: {
          certificate_identifier: identifier,
          certificate_number: input.number,
          certificate_version: '001',
          certificate_type_name: '食品经营许可证',
          certificate_area_code: '150626',
          certificate_issuing_authority_code: input.authority.code,
          certificate_validate_start: '2026-12-10',
          certificate_validate_end: '2031-12-09',
          certificate_holder_type: '111',
          certificate_holder_name: HOLDER.name,
          certificate_holder_code: HOLDER.number,
          certificate_other_holders: [{ certificate_holder_type: '414', certificate_holder_code: other.number }],
        },
      },
    });
  });

  it('is told in the very names and words of the certificate', async () => {
    const { text } = await region.certificates.issue(licence(NOW, { holder: HOLDER }));
    const { fields, content } = (await arrived(library, 1))[0]!.data;
    const claims = claimsOf(text);
    expect(fields).toEqual(Object.fromEntries(Object.keys(fields!).map((name) => [name, claims[name]])));
    const named = Object.keys(claims).filter((name) => /^(certificate|related)_/.test(name));
    expect(Object.keys(fields!).sort()).toEqual(named.sort());
    for (const [name, value] of Object.entries(content as object)) expect(claims[`field_${name}`]).toEqual(value);
  });

  it('learns in order what becomes of it, and which one replaced it', async () => {
    const { identifier } = await region.certificates.issue(licence(NOW));
    await region.certificates.setStatus(identifier, 'suspended', '监督检查', 'bureau');
    await region.certificates.setStatus(identifier, 'valid', '整改完成', 'bureau');
    const number = (await region.certificates.get(identifier)).certificate.number;
    const next = await region.certificates.issue(licence(NOW, { replaces: identifier, number }));
    const events = await arrived(library, 5);
    expect(events.map(({ subject, sequence, data }) => [subject, Number(sequence), data['status']])).toEqual([
      [identifier, 1, 'valid'],
      [identifier, 2, 'suspended'],
      [identifier, 3, 'valid'],
      [identifier, 4, 'cancelled'],
      [next.identifier, 1, 'valid'],
    ]);
    expect(events[1]!.data).toMatchObject({ from: 'valid', reason: '监督检查' });
    expect(events[1]!.data).not.toHaveProperty('pdf');
    expect(events[3]!.data).toMatchObject({ from: 'valid', ground: 'replaced' });
    expect(events[4]!.data).toMatchObject({ replaces: identifier, fields: { certificate_version: '002' } });
  });

  it('learns of a certificate that another region sent, once however often it comes', async () => {
    const nantong = await checkRegion('320600', { now: () => NOW });
    region.pinned.set('320600', nantong.own);
    const { text, identifier } = await nantong.certificates.issue(licence(NOW));
    const from = { conversation: CONVERSATION, item: 'EX018', issuer: '320600' };
    for (let times = 0; times < 2; times += 1)
      await region.store.write((tx) => region.certificates.keepReceived(tx, from, text));
    await region.certificates.issue(licence(NOW));
    const [received, ours] = await arrived(library, 2);
    expect(received).toMatchObject({ type: 'cn.tongban.certificate.received.v1', subject: identifier });
    expect(received!.data).toMatchObject({ issuer: '320600', text });
    expect(received!.data).not.toHaveProperty('pdf');
    expect(ours!.type).toBe('cn.tongban.certificate.issued.v1');
    await nantong.close();
  });

  it('keeps one certificate although the event comes twice, under the same id', async () => {
    const kept = new Map<string, string>();
    const answers: string[] = [];
    library.server.handler = (request, response) => {
      const { id, data } = JSON.parse(request.body.toString()) as Event;
      const repeated = kept.has(id);
      if (!repeated) kept.set(id, String(data['certificate']));
      answers.push(id);
      // It has the event, and nobody hears of it.
      if (!repeated) response.destroy();
      else response.writeHead(204).end();
    };
    const { identifier } = await region.certificates.issue(licence(NOW));
    await vi.waitFor(() => expect(answers).toHaveLength(2), { timeout: 20_000, interval: 5 });
    expect(answers).toEqual(['event-1', 'event-1']);
    expect([...kept.values()]).toEqual([identifier]);
    await vi.waitFor(async () => expect((await platforms.health())[0]).toMatchObject({ name: 'zzk', behind: 0 }));
  });

  it('is told after a restart what was done while it was away', async () => {
    await library.breakDown();
    const { identifier } = await region.certificates.issue(licence(NOW));
    await platforms.stop();
    await library.recover();
    platforms = await open('zzk');
    expect((await arrived(library, 1))[0]).toMatchObject({ id: 'event-1', subject: identifier });
  });

  it('is told nothing of what was not done', async () => {
    const prepared = await region.certificates.prepare(licence(NOW));
    const failing = region.store.write(async (tx) => {
      await region.certificates.keep(tx, prepared);
      throw new Error('the case did not go on');
    });
    await expect(failing).rejects.toThrow('the case did not go on');
    const { identifier } = await region.certificates.issue(licence(NOW));
    expect((await arrived(library, 1))[0]).toMatchObject({ subject: identifier, sequence: '0000000000000001' });
  });

  it('must be a platform that gets events', async () => {
    await platforms.stop();
    const wrong = open('elsewhere');
    await expect(wrong).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ pointer: '/certificates/library', code: 'NOT_IN_LIST' }],
    });
    platforms = await open(undefined);
  });
});

describe('any other platform', () => {
  it('learns of the certificate, and nothing of its holder', async () => {
    const { identifier } = await region.certificates.issue(licence(NOW, { holder: HOLDER }));
    await region.certificates.setStatus(identifier, 'revoked', `材料虚假:${HOLDER.name}`, 'bureau');
    const events = await arrived(hall, 2);
    expect(events[0]!.data).toEqual({
      certificate: identifier,
      issuer: '150626',
      conversation: '',
      typeCode: '11100000MB0143028R032',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      status: 'valid',
      pdf: `/v1/certificates/${identifier}/pdf`,
      at: NOW,
    });
    expect(JSON.stringify(events)).not.toMatch(/示例|11010519491231002X/);
    expect(await arrived(library, 2)).toHaveLength(2);
  });

  it('is all there is when the region named no library', async () => {
    await platforms.stop();
    platforms = await open(undefined);
    await region.certificates.issue(licence(NOW, { holder: HOLDER }));
    for (const bench of [library, hall]) expect((await arrived(bench, 1))[0]!.data).not.toHaveProperty('text');
  });
});

it('sends what the page about the library says', async () => {
  const news: CertificateNews[] = [];
  region.told.tell = async (_tx, one) => void news.push(one);
  const { identifier } = await region.certificates.issue(licence(NOW));
  await region.certificates.setStatus(identifier, 'suspended', '监督检查', 'bureau');
  const { number } = (await region.certificates.get(identifier)).certificate;
  await region.certificates.setStatus(identifier, 'valid', '整改完成', 'bureau');
  await region.certificates.issue(licence(NOW, { replaces: identifier, number }));
  const members = new Set(news.flatMap((one) => Object.keys(certificateNews(one, '150626', NOW).data)));
  const page = await readFile(new URL('../../docs/certificate-library.md', import.meta.url), 'utf8');
  const rows = page.split('\n').flatMap((line) => /^\| `(\w+)` \|.*\| (是 yes|否 no) \|$/.exec(line)?.[1] ?? []);
  // The reference stands for certificates that are not in the library.
  expect(new Set(rows)).toEqual(members.add('reference'));
});
