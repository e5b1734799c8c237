import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PlatformError } from '../adapter.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { httpServiceBench } from '../testing/http-service-bench.ts';

/** A platform for text messages that answers 200 to everything, and says in words of its own what became of it. */
const SMS = `
mapping: 1
out:
  - on: cn.tongban.service.sms.v1
    document:
      serialNumber: event.id
      phoneNumbers: event.data.mobile
      templateCode: event.data.template
      templateParam.code: event.data.parameters.number
      signName: { value: 示例政务服务 }
answer:
  taken: Code = 'OK'
  retry: Code = 'LIMIT'
  reason: Code
`;

/** The post, with operations by number and times by the clock on the wall. */
const POST = `
mapping: 1
zone: '+08:00'
tables:
  operation: { 203: accepted, 404: in-transit, 702: out-for-delivery, 704: signed, 711: returned }
out:
  - on: cn.tongban.service.parcel-question.v1
    document: { traceNo: event.data.trackingNumber }
in:
  - when: answer.retCode = 'B00016'
    ignore: 查无此件
  - note: parcel-moved
    case: request.trackingNumber
    data:
      findings:
        each: answer.traces
        fields:
          state: { from: opCode, table: operation }
          at: { from: opTime, date: 'yyyy-MM-dd HH:mm:ss' }
answer:
  taken: retCode in ['00000', 'B00016']
  retry: retCode = 'S00001'
  reason: retCode
`;

const PARCEL = { id: 'q', carrier: 'EMS', trackingNumber: '1234567890123' };
const { signal } = new AbortController();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let answer: unknown;
let bench: Awaited<ReturnType<typeof httpServiceBench>>;

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await bench.close();
  await folder.remove();
});

async function open(kind: string, mapping: string) {
  const file = join(folder.path, 'words.yaml');
  await writeFile(file, mapping);
  bench = await httpServiceBench(kind, { mapping: file }, () => answer);
  return bench.adapter;
}

const sms = { id: 'a', mobile: '13800000000', template: 'SMS_1001', parameters: { number: '150626-1' } };

async function failureOf(attempt: Promise<unknown>): Promise<PlatformError> {
  const error = await attempt.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PlatformError);
  return error as PlatformError;
}

it('says a text message in the words of its platform', async () => {
  answer = { Code: 'OK', Message: '成功' };
  await (await open('http-sms', SMS)).sms!.send(sms, signal);
  const [{ headers, body }] = bench.server.requests as [(typeof bench.server.requests)[0]];
  expect(headers['idempotency-key']).toBe('a');
  expect(JSON.parse(body.toString())).toEqual({
    serialNumber: 'a',
    phoneNumbers: '13800000000',
    templateCode: 'SMS_1001',
    templateParam: { code: '150626-1' },
    signName: '示例政务服务',
  });
});

it.each([
  ['LIMIT', true],
  ['BLACK_LIST', false],
])('believes the platform that says %s', async (Code, retryable) => {
  answer = { Code, Message: '号码13800000000' };
  const error = await failureOf((await open('http-sms', SMS)).sms!.send(sms, signal));
  expect(error.retryable).toBe(retryable);
  expect(error.message).toContain(Code);
  expect(error.message).not.toContain('13800000000');
});

it('refuses what its mapping has no words for, and sends nothing', async () => {
  const error = await failureOf((await open('http-sms', POST)).sms!.send(sms, signal));
  expect(error.retryable).toBe(false);
  expect(error.message).toContain('cn.tongban.service.sms.v1');
  expect(bench.server.requests).toEqual([]);
});

it('reads the steps of a parcel by table and clock', async () => {
  answer = {
    retCode: '00000',
    traces: [
      { opCode: '203', opTime: '2026-11-20 09:00:00', opDesc: '已收寄' },
      { opCode: 704, opTime: '2026-11-21 10:30:00', opDesc: '本人签收' },
    ],
  };
  expect(await (await open('http-parcel', POST)).parcels!.track(PARCEL, signal)).toEqual([
    { state: 'accepted', at: Date.parse('2026-11-20T09:00:00+08:00') },
    { state: 'signed', at: Date.parse('2026-11-21T10:30:00+08:00') },
  ]);
  expect(JSON.parse(bench.server.requests[0]!.body.toString())).toEqual({ traceNo: PARCEL.trackingNumber });
});

it('knows nothing of a parcel of which the post knows nothing', async () => {
  answer = { retCode: 'B00016' };
  expect(await (await open('http-parcel', POST)).parcels!.track(PARCEL, signal)).toEqual([]);
});

it.each([
  [
    'an operation that is in no table',
    { retCode: '00000', traces: [{ opCode: '999', opTime: '2026-11-20 09:00:00' }] },
    false,
  ],
  ['no time', { retCode: '00000', traces: [{ opCode: '203', opTime: '昨天' }] }, false],
  ['no traces', { retCode: '00000' }, false],
  ['a refusal', { retCode: 'B00001' }, false],
  ['trouble that passes', { retCode: 'S00001' }, true],
])('%s is no answer', async (_what, said, retryable) => {
  answer = said;
  const error = await failureOf((await open('http-parcel', POST)).parcels!.track(PARCEL, signal));
  expect(error.retryable).toBe(retryable);
  expect(error.message).not.toMatch(/999|昨天/);
});
