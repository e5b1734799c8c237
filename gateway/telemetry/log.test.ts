import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CodedError } from '#proto';
import { createLog, type Log, type LogFields, openLog } from './log.ts';
import { LOG_FIELDS } from './log-fields.ts';

const OPTIONS = { level: 'debug', region: '320600', clock: { now: () => 1_793_000_000_000 } } as const;
const ENVELOPE = '5a2d6d0e-8f6c-4c1e-9b1f-0d5f5b0a7c11';

/** A person who does not exist: the number has a valid check digit. */
const PERSON = { number: '11010519491231002X', name: '张通办', mobile: '13912345678' };

function memoryLog(): { log: Log; lines: () => Record<string, unknown>[]; text: () => string } {
  const written: string[] = [];
  const log = createLog(OPTIONS, { write: (line) => void written.push(line) });
  return { log, lines: () => written.map((line) => JSON.parse(line)), text: () => written.join('') };
}

test('a line says when, where, what and the fields', () => {
  const { log, lines } = memoryLog();
  log.with({ peer: '150626' }).info({ envelope: ENVELOPE, code: 'EXPIRED', attempt: 3 }, 'envelope refused');
  expect(lines()).toEqual([
    {
      level: 'info',
      time: new Date(1_793_000_000_000).toISOString(),
      region: '320600',
      peer: '150626',
      envelope: ENVELOPE,
      code: 'EXPIRED',
      attempt: 3,
      msg: 'envelope refused',
    },
  ]);
});

test('personal data does not reach the log, wherever it is given', () => {
  const { log, text, lines } = memoryLog();
  const values = Object.values(PERSON).flatMap((value) => [
    value,
    Number(value),
    `/cases/${value}`,
    { value },
    [value],
  ]);
  for (const value of values) {
    for (const field of [...Object.keys(LOG_FIELDS), 'applicant', 'name', 'body']) {
      const fields = { [field]: value } as LogFields;
      log.info(fields, 'given in a field');
      log.with(fields).error({}, 'given in a field of every line');
    }
    const thrown = new Error(`cannot store ${String(value)}`, { cause: new TypeError(String(value)) });
    log.error({ err: thrown }, 'given in an error');
    log.error({ err: Object.assign(new Error('x'), { code: value, detail: value }) }, 'given beside an error');
    log.error({ err: value }, 'given instead of an error');
    log.error(
      { err: new CodedError('INTERNAL', String(value), [{ pointer: `/${value}`, code: 'X', message: 'x' }]) },
      'a',
    );
    log.warn({ [String(value)]: 1 } as LogFields, 'given as the name of a field');
  }
  for (const value of Object.values(PERSON)) {
    const message = `for ${value}`;
    // @ts-expect-error a message that is put together at run time does not compile
    log.info({}, message);
  }
  expect(lines().length).toBeGreaterThan(500);
  for (const value of Object.values(PERSON)) expect(text()).not.toContain(value);
});

test('a message made of a template does not compile either', () => {
  const { log, text } = memoryLog();
  // @ts-expect-error the template has a hole
  log.info({}, `for ${PERSON.name}`);
  expect(text()).not.toContain(PERSON.name);
});

test('the codes of systems and libraries are shown, and nothing that could be a number of a document', () => {
  const { log, lines } = memoryLog();
  for (const code of ['ECONNREFUSED', 'AMQP_404', 'E12345678', '91150626MA0000001R', 'ERKIN'])
    log.warn({ code: code as never }, 'codes');
  expect(lines().map(({ code }) => code)).toEqual(['ECONNREFUSED', 'AMQP_404', undefined, undefined, undefined]);
});

test('an error shows its class, its code, where it was thrown and the same of its cause', () => {
  const { log, lines } = memoryLog();
  const cause = Object.assign(new Error('connect to 10.0.0.1'), { code: 'ECONNREFUSED' });
  log.error({ err: new CodedError('PEER_UNREACHABLE', undefined, [], { cause }) }, 'dial failed');
  log.error({ err: new RangeError('secret') }, 'unexpected');
  expect(lines()[0]?.['err']).toMatchObject({
    class: 'CodedError',
    code: 'PEER_UNREACHABLE',
    cause: { class: 'Error', code: 'ECONNREFUSED' },
  });
  const { at, ...unexpected } = lines()[1]!['err'] as { at: string[] };
  expect(unexpected).toEqual({ class: 'RangeError' });
  expect(at[0]).toContain('log.test.ts');
});

test('an error that causes itself ends', () => {
  const { log, lines } = memoryLog();
  const error = new Error('round and round');
  error.cause = error;
  log.error({ err: error }, 'circle');
  expect(lines()).toHaveLength(1);
});

test('lines below the level are not written', () => {
  const written: string[] = [];
  const log = createLog({ ...OPTIONS, level: 'warn' }, { write: (line) => void written.push(line) });
  log.info({}, 'quiet');
  log.warn({}, 'loud');
  expect(written).toHaveLength(1);
});

test('closing writes what waits into the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-log-'));
  const file = join(folder, 'logs', 'gateway.log');
  const { log, close } = await openLog({ ...OPTIONS, file });
  for (let count = 0; count < 1000; count++) log.info({ count }, 'line');
  await close();
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).count)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  await rm(folder, { recursive: true });
});

test('what is said after the end is lost, and disturbs nobody', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-log-'));
  const file = join(folder, 'gateway.log');
  const { log, close } = await openLog({ ...OPTIONS, file });
  log.info({}, 'the gateway stops');
  await close();
  log.warn({}, 'a peer did not take an envelope');
  expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(1);
  await rm(folder, { recursive: true });
});

test('a log file that cannot be opened is an error, not silence', async () => {
  await expect(openLog({ ...OPTIONS, file: '/dev/null/gateway.log' })).rejects.toMatchObject({ syscall: 'mkdir' });
});

test('a log on a full disk loses its lines, and closes all the same', async () => {
  const { log, close } = await openLog({ ...OPTIONS, file: '/dev/full' });
  for (let lines = 0; lines < 100; lines += 1) log.info({}, 'the gateway is ready');
  await close();
});
