import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadMapping } from '#adapters';
import { runHere } from '../testing/run-here.ts';

const EXAMPLES = fileURLToPath(new URL('../../../adapters/examples/', import.meta.url));
const CASE = { number: '32060020261122000001' };

const sampleOf = (example: string, name: string) => join(EXAMPLES, example, 'samples', name);
const mappingOf = (example: string) => join(EXAMPLES, example, 'mapping.yaml');

async function read(example: string, name: string) {
  return JSON.parse(await readFile(sampleOf(example, name), 'utf8'));
}

/** As whoever adapts an example to his own platform would try it. */
async function check(example: string, sample: string) {
  const args = ['adapter', 'check', mappingOf(example), '--sample', sampleOf(example, sample), '--json'];
  const { code, stdout } = await runHere(args);
  return { code, records: JSON.parse(stdout).records as { ignored?: string; wishes: object[]; problems: object[] }[] };
}

it('every example of a service says in its page what stands in gateway.yaml', async () => {
  const examples = (await readdir(EXAMPLES)).filter((name) => /^a(03|04|05|07|08|09|10|11|12|13)-/.test(name));
  expect(examples).toHaveLength(10);
  for (const example of examples) {
    const [page, section] = await Promise.all(
      ['README.md', 'platform.yaml'].map((name) => readFile(join(EXAMPLES, example, name), 'utf8')),
    );
    expect(page).toContain(`\`\`\`yaml gateway.yaml\n${section}\`\`\`\n`);
  }
});

describe('every record of an example is understood', () => {
  it.each([
    ['a04-e-seal', 'answered.json', [{ data: { document: 'JVBERi0xLjc=' } }, { data: { seals: ['1506260000017'] } }]],
    [
      'a05-data-sharing',
      'answered.json',
      [
        { data: { found: true, fields: { address: '乌审旗嘎鲁图镇示例街2号', area: '120.5' } } },
        { data: { found: false } },
      ],
    ],
    [
      'a07-rating',
      'evaluations.json',
      [
        { case: CASE, act: 'rate', data: { score: 5, comment: '窗口人员耐心' } },
        { act: 'rate', data: { score: 2 } },
        '渠道联调数据',
      ],
    ],
    [
      'a08-hotline',
      'orders.json',
      [
        {
          case: CASE,
          note: 'complaint-linked',
          data: { number: 'RX202611220001', channel: '12345', handler: { staff: 'RX0912' } },
        },
        '不是投诉',
        '工单没有办件编号',
      ],
    ],
    [
      'a09-supervision',
      'orders.json',
      [
        {
          case: CASE,
          note: 'urged',
          data: { number: 'DB20261122001', replyBy: Date.parse('2026-11-25T17:00:00+08:00') },
        },
        '督办已解除,办件上保留记录',
      ],
    ],
    [
      'a10-ems',
      'traces.json',
      [
        {
          data: {
            findings: [
              { state: 'accepted', at: Date.parse('2026-11-20T09:00:00+08:00') },
              { state: 'in-transit' },
              { state: 'signed' },
            ],
          },
        },
        '邮政尚未收寄',
      ],
    ],
    [
      'a12-locker',
      'states.json',
      [
        { data: { findings: [{ state: 'ordered' }, { state: 'deposited' }, { state: 'collected' }] } },
        '文件柜没有此单',
      ],
    ],
    [
      'a13-credit',
      'answered.json',
      [
        { data: { result: 'good' } },
        { data: { result: 'restricted', code: 'YZSX-03' } },
        { data: { result: 'unknown', code: 'NOT_IN_FILE' } },
      ],
    ],
  ])('%s %s', async (example, sample, meanings) => {
    const { code, records } = await check(example, sample);
    expect(records.map(({ problems }) => problems)).toEqual(meanings.map(() => []));
    expect(code).toBe(0);
    expect(records.map(({ ignored, wishes }) => ignored ?? wishes[0])).toMatchObject(meanings);
    expect(JSON.stringify(records)).not.toMatch(/测试来电人|13900000000/);
  });

  it.each([
    ['a04-e-seal', 'REQUIRED', 'answer.data.signedFile'],
    ['a05-data-sharing', 'TYPE', 'answer.rows[0].MJ'],
    ['a07-rating', 'UNKNOWN_CODE', 'satisfaction'],
    ['a08-hotline', 'REQUIRED', 'operatorNo'],
    ['a09-supervision', 'DATE', 'hfqx'],
    ['a13-credit', 'UNKNOWN_CODE', 'answer.result.YZSX'],
  ])('%s: a bad one is not, for a reason', async (example, reason, from) => {
    const { code, records } = await check(example, 'bad.json');
    expect([code, records[0]!.problems]).toMatchObject([1, [{ code: reason, from }]]);
  });

  it('what a service answers is held against what its question may be answered', async () => {
    const [{ call, request, answer }] = await read('a10-ems', 'traces.json');
    const mapping = await loadMapping(mappingOf('a10-ems'), { now: Date.now });
    const odd = structuredClone(answer);
    odd.retBody.responseItems[0].opCode = '999';
    expect(await mapping.in({ call, request, answer: odd })).toMatchObject({ problems: [{ code: 'UNKNOWN_CODE' }] });
    const { code, records } = await check('a13-credit', 'bad.json');
    expect([code, records[1]!.problems]).toMatchObject([1, [{ pointer: '/wishes/0/data/code' }]]);
  });
});

describe('every request of an example is what the platform wants', () => {
  it.each([
    ['a03-certificate-library', 'certificate.issued', 'issued'],
    ['a03-certificate-library', 'certificate.status-changed', 'status'],
    ['a04-e-seal', 'service.seal-request', 'request'],
    ['a05-data-sharing', 'service.data-question', 'question'],
    ['a07-rating', 'service.rating-invitation', 'invitation'],
    ['a09-supervision', 'service.supervision-report', 'step'],
    ['a09-supervision', 'service.supervision-report', 'limit'],
    ['a10-ems', 'service.parcel-question', 'question'],
    ['a11-sms', 'service.sms', 'message'],
    ['a12-locker', 'service.locker-order', 'order'],
    ['a12-locker', 'service.locker-cancel', 'cancel'],
    ['a12-locker', 'service.locker-question', 'question'],
    ['a13-credit', 'service.credit-question', 'question'],
  ])('%s %s: %s', async (example, event, sample) => {
    const data = sampleOf(example, `out/${sample}.data.json`);
    const args = ['--event', `cn.tongban.${event}.v1`, '--data', data, '--json'];
    const { code, stdout } = await runHere(['adapter', 'dry-run', mappingOf(example), ...args]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).documents).toEqual([await read(example, `out/${sample}.document.json`)]);
  });

  it.each([
    'a03-certificate-library',
    'a04-e-seal',
    'a05-data-sharing',
    'a07-rating',
    'a09-supervision',
    'a10-ems',
    'a11-sms',
    'a12-locker',
    'a13-credit',
  ])('%s: what it answers is judged', async (example) => {
    const { answer } = await loadMapping(mappingOf(example), { now: Date.now });
    const answers = (await read(example, 'answers.json')) as Record<string, unknown[]>;
    for (const [verdict, bodies] of Object.entries(answers))
      for (const body of bodies) expect(await answer!(body)).toMatchObject({ verdict });
    expect(Object.keys(answers)).toEqual(['taken', 'retry', 'refuse']);
  });

  it('a certificate that we only asked about does not concern the library', async () => {
    const mapping = await loadMapping(mappingOf('a03-certificate-library'), { now: Date.now });
    const {
      fields: _fields,
      content: _content,
      text: _text,
      ...outline
    } = await read('a03-certificate-library', 'out/status.data.json');
    const about = { id: 'e', source: 's', subject: outline.certificate, time: 0, sequence: 1 };
    const event = { ...about, type: 'cn.tongban.certificate.status-changed.v1', data: outline };
    expect(await mapping.out(event, undefined)).toEqual({ ok: true, documents: [] });
  });

  it('a request to a service is not made up', async () => {
    const args = ['--event', 'cn.tongban.service.sms.v1', '--json'];
    const { code, stdout } = await runHere(['adapter', 'dry-run', mappingOf('a11-sms'), ...args]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({ message: expect.stringContaining('--data') });
  });
});
