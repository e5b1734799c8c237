import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepLog } from '../../proto/testing/kept-logs.ts';
import { Children } from '../bench/children.ts';
import { Random } from '../fuzz/random.ts';
import { type AuditReport, audit } from './audit/audit.ts';
import type { AuditTask } from './audit/task.ts';
import { killReceiver } from './rounds/kills.ts';
import { type RoundReport, runRound } from './run-round.ts';

const CASES = 120;

let parent: string;
let report: RoundReport;
let children: Children;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'tongban-faults-test-'));
  children = new Children();
  report = await runRound(killReceiver, {
    children,
    folder: join(parent, 'round'),
    store: 'sqlite',
    replicas: 1,
    effort: { cases: CASES, blows: 1, posted: 0 },
    random: new Random(7),
    signal: new AbortController().signal,
    now: Date.now,
  });
});

afterAll(async () => {
  await children.end();
  const { sender, receiver } = await taskIn(join(parent, 'round'));
  for (const log of [...sender.logs, ...receiver.logs]) await keepLog(log);
  await rm(parent, { recursive: true, force: true });
});

/** What the auditor is told of the round, as if it had been in that folder. */
async function taskIn(folder: string): Promise<AuditTask> {
  const text = await readFile(join(folder, 'task.json'), 'utf8');
  return JSON.parse(text.replaceAll(join(parent, 'round'), folder)) as AuditTask;
}

/** What an auditor says of a copy of both regions that somebody changed. */
async function auditOf(change: (task: AuditTask) => Promise<void> | void): Promise<AuditReport> {
  const copy = await mkdtemp(join(parent, 'copy-'));
  await cp(join(parent, 'round'), copy, { recursive: true });
  const task = await taskIn(copy);
  await change(task);
  return audit(task);
}

/** Changes the rows of one region. */
function alter(region: AuditTask['sender'], statement: string): void {
  const database = new DatabaseSync(pathOf(region));
  expect(database.prepare(statement).run().changes).toBe(1);
  database.close();
}

function pathOf({ store }: AuditTask['sender']): string {
  if (store.kind !== 'sqlite') throw new Error('the copy is a SQLite file');
  return store.path;
}

const ONE = "(SELECT max(position) FROM inbox WHERE type LIKE '%CaseTransfer')";
const TWIN =
  'sender, conversation, sequence, type, header, leaf, expires_at, received_at, code, group_id, group_index, receipt, receipt_group_id, receipt_group_index, log_position';

describe('a round', () => {
  it('kills a gateway and finds everything delivered once, with its receipt', () => {
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ round: 'kill-receiver', kills: 1, accepted: CASES, files: 10, lost: 0, doubled: 0 });
    expect(report.receipts).toBe(report.envelopes - report.late);
  });
});

describe('the auditor', () => {
  it('finds the same in an honest copy', async () => {
    expect(await auditOf(() => {})).toMatchObject({ receipts: report.receipts, findings: [] });
  });

  it('knows what a gateway began after everything had settled', async () => {
    const { settledAt } = JSON.parse(await readFile(join(parent, 'round', 'ledger.json'), 'utf8'));
    const last = 'position = (SELECT max(position) FROM outbox)';
    const change = `UPDATE outbox SET state = 'pending', created_at = ${settledAt + 1} WHERE ${last}`;
    expect(await auditOf((task) => alter(task.sender, change))).toMatchObject({ late: report.late + 1, findings: [] });
  });

  it.each<[string, (task: AuditTask) => Promise<void> | void, Partial<AuditReport>]>([
    [
      'an envelope that is lost at the receiver',
      (task) => alter(task.receiver, `DELETE FROM inbox WHERE position = ${ONE}`),
      { lost: 1, logFaults: 1 },
    ],
    [
      'a case that is lost at the receiver',
      (task) =>
        alter(task.receiver, 'DELETE FROM case_file WHERE conversation = (SELECT min(conversation) FROM case_file)'),
      { lost: 1 },
    ],
    [
      'an envelope that still waits at the sender',
      (task) =>
        alter(
          task.sender,
          "UPDATE outbox SET state = 'pending', created_at = 0 WHERE position = (SELECT max(position) FROM outbox)",
        ),
      { lost: 1 },
    ],
    [
      'an accepted case that nobody sent',
      async (task) => {
        const ledger = JSON.parse(await readFile(task.ledger, 'utf8'));
        ledger.accepted.push({ conversation: 'c', files: [] });
        await writeFile(task.ledger, JSON.stringify(ledger));
      },
      { lost: 2 },
    ],
    [
      'an envelope that was taken twice',
      (task) =>
        alter(
          task.receiver,
          `INSERT INTO inbox (id, ${TWIN}) SELECT 'twin', ${TWIN} FROM inbox WHERE position = ${ONE}`,
        ),
      { doubled: 2 },
    ],
    [
      'an envelope that moved its case twice',
      (task) =>
        alter(
          task.receiver,
          `INSERT INTO case_event (conversation, n, event, actor, at, state, envelope, document)
           SELECT conversation, n + 1, event, actor, at, state, envelope, document FROM case_event LIMIT 1`,
        ),
      { doubled: 1 },
    ],
    [
      'a case that was opened twice under one key',
      async (task) => {
        const ledger = JSON.parse(await readFile(task.ledger, 'utf8'));
        await writeFile(task.ledger, JSON.stringify({ ...ledger, keyed: ledger.keyed - 1 }));
      },
      { doubled: 1 },
    ],
    [
      'a receipt that was changed at one side',
      (task) =>
        alter(task.sender, "UPDATE outbox SET receipt = x'00' WHERE position = (SELECT max(position) FROM outbox)"),
      { receiptFaults: 1, logFaults: 1 },
    ],
    [
      'a receipt that was changed at both sides',
      (task) => {
        const last = "(SELECT max(id) FROM inbox WHERE type LIKE '%CaseTransfer')";
        alter(task.receiver, `UPDATE inbox SET receipt = CAST(receipt || x'6000' AS BLOB) WHERE id = ${last}`);
        const database = new DatabaseSync(pathOf(task.sender));
        database.exec(`ATTACH '${pathOf(task.receiver)}' AS there`);
        database.exec(`UPDATE outbox SET receipt = (SELECT receipt FROM there.inbox WHERE inbox.id = outbox.id)
          WHERE outbox.id = ${last.replace('inbox', 'there.inbox')}`);
        database.close();
      },
      { receiptFaults: 2, logFaults: 2 },
    ],
    [
      'receipts that were never sealed',
      (task) => alter(task.receiver, `UPDATE inbox SET receipt_group_id = NULL WHERE position = ${ONE}`),
      { receiptFaults: 1 },
    ],
    [
      'a leaf of the log that was rewritten',
      (task) =>
        alter(
          task.receiver,
          'UPDATE log_entry SET leaf = (SELECT leaf FROM log_entry WHERE position = 1) WHERE position = 3',
        ),
      { logFaults: 1 },
    ],
    [
      'an entry of the log that is gone',
      (task) => alter(task.sender, 'DELETE FROM log_entry WHERE position = (SELECT max(position) FROM log_entry)'),
      { logFaults: 3 },
    ],
    [
      'a file that nothing names',
      (task) => writeFile(join(task.receiver.folder, 'materials', 'stray'), 'bytes'),
      { orphans: 1 },
    ],
    [
      'a file of an accepted case that is gone',
      (task) => rm(join(task.receiver.folder, 'materials', 'cases'), { recursive: true }),
      { materialFaults: 20 },
    ],
    [
      'a file that comes back with other bytes',
      async (task) => {
        const ledger = JSON.parse(await readFile(task.ledger, 'utf8'));
        ledger.fetched[0].came = ledger.fetched[1].came;
        await writeFile(task.ledger, JSON.stringify(ledger));
      },
      { materialFaults: 1 },
    ],
    [
      'a person in the log of a process',
      (task) => writeFile(task.sender.logs[0]!, `{"msg":"${task.personal[0]}"}\n`),
      { personal: 1 },
    ],
    [
      'a platform that was never told',
      async (task) => {
        Object.assign(task, { mustBeTold: true });
      },
      { lost: CASES },
    ],
  ])('finds %s', async (_, change, found) => {
    const { lost, doubled, receiptFaults, logFaults, orphans, materialFaults, personal } = await auditOf(change);
    const nothing = { lost: 0, doubled: 0, receiptFaults: 0, logFaults: 0, orphans: 0, materialFaults: 0, personal: 0 };
    expect({ lost, doubled, receiptFaults, logFaults, orphans, materialFaults, personal }).toEqual({
      ...nothing,
      ...found,
    });
  });
});
