import { randomUUIDv7 } from 'node:crypto';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RegionStatement } from '#trust';
import { SqliteConnection } from '../store/sqlite/sqlite-connection.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';
import { type LogReport, verifyLog } from './verify-log.ts';

const PINGS = 300;

let folders: string[];
let copies: string;
/** Statements of the sender and of the recipient, whose databases are copied after they stopped. */
let statements: { sender: RegionStatement; recipient: RegionStatement };

beforeAll(async () => {
  // What is sealed cannot be altered unseen either, but only who has its key sees it.
  const isSealed = false;
  folders = [await makeRegionFolder('320600', { isSealed }), await makeRegionFolder('150626', { isSealed })];
  copies = await mkdtemp(join(tmpdir(), 'tongban-verify-log-'));
  const [sender, recipient] = [await openLiveRegion(folders[0]!), await openLiveRegion(folders[1]!)];
  await pinEachOther(sender, recipient);
  await sendPings(sender, recipient);
  statements = { sender: sender.core.own, recipient: recipient.core.own };
  await Promise.all([sender.stop(), recipient.stop()]);
});

afterAll(() => removeFolders(copies, ...folders));

describe('a log that nobody touched', () => {
  it('verifies on both sides, with every record', async () => {
    const sent = await verifyCopy('sender');
    expect(sent.faults).toEqual([]);
    expect(sent).toMatchObject({ region: '320600', size: 2 * PINGS, waiting: 0, records: 2 * PINGS });
    const received = await verifyCopy('recipient');
    expect(received.faults).toEqual([]);
    expect(received).toMatchObject({ region: '150626', size: PINGS, records: PINGS });
  });

  it('verifies while entries wait to be put into the tree', async () => {
    const report = await verifyCopy('recipient', [
      'DELETE FROM log_run',
      'DELETE FROM log_state',
      'DELETE FROM log_node',
      'DELETE FROM cosignature',
    ]);
    expect(report.faults).toEqual([]);
    expect(report).toMatchObject({ size: 0, waiting: PINGS, records: PINGS, checkpoint: '' });
  });
});

describe('a log that was changed is found out:', () => {
  it.each([
    ['an entry', 'UPDATE log_entry SET entry = zeroblob(length(entry)) WHERE position = 5', 'log_entry/5'],
    [
      'an entry with its leaf',
      `UPDATE log_entry SET entry = x'0801', leaf = x'262cf3685946c0805ab8ef6b221d3aa6ff4018e4f9967552c48f575d0b41022e' WHERE position = 5`,
      'log_state',
    ],
    ['a leaf hash', 'UPDATE log_entry SET leaf = zeroblob(32) WHERE position = 5', 'log_entry/5'],
    ['a node', 'UPDATE log_node SET hash = zeroblob(32)', 'log_node/1/0'],
    ['a missing node', 'DELETE FROM log_node WHERE idx = 0', 'log_node/1/0'],
    ['a node too many', 'INSERT INTO log_node VALUES (3, 0, zeroblob(32))', 'log_node'],
    ['the right edge', 'UPDATE log_state SET frontier = zeroblob(length(frontier))', 'log_state'],
    ['a removed entry', 'DELETE FROM log_entry WHERE position = 5', 'log_state'],
    ['a shortened run', 'UPDATE log_run SET count = count - 1', 'log_state'],
    ['a header of the outbox', 'UPDATE outbox SET header = zeroblob(length(header)) WHERE position = 3', 'outbox/3'],
    ['a payload of the outbox', "UPDATE outbox SET payload = x'0a0141' WHERE position = 3", 'outbox/3'],
    ['a receipt of the outbox', 'UPDATE outbox SET receipt = zeroblob(9) WHERE position = 3', 'outbox/3/receipt'],
    ['a peer of the outbox', "UPDATE outbox SET peer = '110000' WHERE position = 3", 'outbox/3'],
    ['a settled envelope made pending', "UPDATE outbox SET state = 'pending' WHERE position = 3", 'outbox/3'],
    ['a position used twice', 'UPDATE outbox SET log_position = 1 WHERE position = 3', 'outbox/3'],
  ])('%s', async (_what, change, where) => {
    const { faults } = await verifyCopy('sender', [change]);
    expect(faults.map((fault) => fault.where)).toContain(where);
  });

  it('an envelope that was removed from the outbox, and one from the inbox', async () => {
    const sender = await verifyCopy('sender', ['DELETE FROM outbox WHERE position = 3']);
    expect(sender.faults.map(({ where, message }) => [where.split('/')[0], message])).toEqual([
      ['log_entry', 'no record answers to it: it was removed'],
      ['log_entry', 'no record answers to it: it was removed'],
    ]);
    const recipient = await verifyCopy('recipient', ['DELETE FROM inbox WHERE position = 2']);
    expect(recipient.faults).toMatchObject([{ where: 'log_entry/2', code: 'LOG_CORRUPT' }]);
  });

  it('a verdict of the inbox', async () => {
    const { faults } = await verifyCopy('recipient', ['UPDATE inbox SET receipt = zeroblob(9) WHERE position = 2']);
    expect(faults).toMatchObject([{ where: 'inbox/2', code: 'LOG_CORRUPT' }]);
  });

  it('a checkpoint with another signature, and one of another region', async () => {
    const forged = await verifyCopy('sender', ["UPDATE log_state SET checkpoint = replace(checkpoint, '600', '601')"]);
    expect(forged.faults).toMatchObject([{ where: 'log_state', code: 'CHECKPOINT_INVALID' }]);
    const foreign = await verifyCopy('sender', [], 'recipient');
    expect(foreign.faults[0]).toMatchObject({ where: 'log_state', code: 'CHECKPOINT_INVALID' });
  });
});

describe('what witnesses said is rechecked:', () => {
  it('the sender’s log was countersigned, and so was the recipient’s', async () => {
    expect((await verifyCopy('sender')).cosignatures).toBeGreaterThan(0);
    expect((await verifyCopy('recipient')).peerStates).toBeGreaterThan(0);
  });

  it.each([
    ['a countersignature', 'UPDATE cosignature SET line = lower(line)', /^cosignature\/150626\//],
    ['a countersigned state', 'UPDATE cosignature SET note = lower(note)', /^cosignature\/150626\//],
    [
      'a state of a peer',
      "UPDATE witnessed_note SET note = replace(note, '/150626/', '/150622/')",
      /^witnessed_note\//,
    ],
    ['our own countersignature', 'UPDATE witnessed_note SET line = lower(line)', /^witnessed_note\//],
  ])('%s that was changed is found out', async (_what, change, where) => {
    const { faults } = await verifyCopy('sender', [change]);
    expect(faults.map((fault) => fault.where)).toContainEqual(expect.stringMatching(where));
  });

  it('a log that was begun anew is found out by what a peer countersigned', async () => {
    const { faults } = await verifyCopy('recipient', [
      'DELETE FROM log_run',
      'DELETE FROM log_state',
      'DELETE FROM log_node',
    ]);
    expect(faults[0]).toMatchObject({ code: 'LOG_FORKED', where: expect.stringMatching(/^cosignature\/320600\//) });
  });

  it('an alarm about our own log is a fault, one about a peer is shown', async () => {
    const alarm = (region: string) =>
      `INSERT INTO log_alarm VALUES ('${region}', 1, 'rewritten', '150626', 'held', 'shown', 1, 2, 3)`;
    const own = await verifyCopy('sender', [alarm('320600')]);
    expect(own.faults).toMatchObject([{ where: 'log_alarm/rewritten/150626', code: 'LOG_FORKED' }]);
    const peers = await verifyCopy('sender', [alarm('150626')]);
    expect(peers.faults).toEqual([]);
    expect(peers.alarms).toMatchObject([{ region: '150626', kind: 'rewritten', via: '150626', times: 3 }]);
  });

  it('a database of before witnesses is rechecked without them', async () => {
    const report = await verifyCopy('sender', ['DROP TABLE cosignature']);
    expect(report).toMatchObject({ faults: [], cosignatures: 0, peerStates: 0 });
  });
});

/** Sends pings, and lets both countersign the log of the other meanwhile. */
async function sendPings({ core }: LiveRegion, recipient: LiveRegion): Promise<void> {
  const peer = recipient.region;
  for (let n = 0; n < PINGS; n += 1) {
    if (n === PINGS / 2) {
      await until('half of the pings have their receipts', () => core.outbox.pending(peer) === 0);
      await Promise.all([core.evidence.integrate(), recipient.core.evidence.integrate()]);
    }
    const conversation = randomUUIDv7();
    await core.store.write((tx) =>
      core.outbox.enqueue(tx, { peer, conversation, name: 'Ping', payload: { note: `${n}` } }),
    );
  }
  await until('every ping has its receipt', () => core.outbox.pending(peer) === 0);
  for (const { read } of [core.store, recipient.core.store])
    await until('the log was countersigned', async () => (await read.get('SELECT 1 FROM cosignature')) !== undefined);
}

/** Verifies a copy of a region's database after some statements have changed it. */
async function verifyCopy(
  whose: 'sender' | 'recipient',
  changes: readonly string[] = [],
  byStatementOf = whose,
): Promise<LogReport> {
  const file = join(copies, `${randomUUIDv7()}.db`);
  await copyFile(join(folders[whose === 'sender' ? 0 : 1]!, 'gateway.db'), file);
  const writer = new SqliteConnection(file);
  for (const change of changes) writer.execute(change);
  writer.close();
  const reader = new SqliteConnection(file, { readOnly: true });
  try {
    return await verifyLog(reader, statements[byStatementOf]);
  } finally {
    reader.close();
    await rm(file);
  }
}
