import { readFile } from 'node:fs/promises';
import { type Books, readBooks } from './books.ts';
import { compareCases, compareDirection, comparePosted } from './delivery.ts';
import { type AuditFinding, Findings } from './findings.ts';
import { auditLog } from './log.ts';
import { auditMaterials } from './materials.ts';
import { auditProcessLogs } from './process-log.ts';
import { compareReceipts } from './receipts.ts';
import { openTables } from './tables.ts';
import type { AuditTask, WrittenLedger } from './task.ts';

/** What an auditor says about one round. Counts of findings; `receipts` and `envelopes` count what is good. */
export interface AuditReport {
  /** Envelopes that both gateways took for sending, and those that were sent by hand. */
  readonly envelopes: number;
  /** Cases that the API said it accepted. */
  readonly accepted: number;
  /** Files of these cases. */
  readonly files: number;
  readonly lost: number;
  readonly doubled: number;
  /** Receipts that both sides hold, equal and valid. */
  readonly receipts: number;
  readonly receiptFaults: number;
  readonly logFaults: number;
  readonly orphans: number;
  readonly materialFaults: number;
  readonly personal: number;
  /** Envelopes that a gateway began by itself after everything had settled. */
  readonly late: number;
  /** Files of interrupted uploads that are removed after a day. */
  readonly unswept: number;
  /** Some of the findings, in words. */
  readonly findings: readonly AuditFinding[];
}

/** Compares both stores, both logs, both folders and the word that was given. */
export async function audit(task: AuditTask): Promise<AuditReport> {
  const ledger = JSON.parse(await readFile(task.ledger, 'utf8')) as WrittenLedger;
  const tables = await Promise.all([openTables(task.sender.store), openTables(task.receiver.store)]);
  try {
    const sender = await readBooks(task.sender, tables[0], ledger.settledAt);
    const receiver = await readBooks(task.receiver, tables[1], ledger.settledAt);
    return await compare(task, ledger, sender, receiver);
  } finally {
    await Promise.all(tables.map((one) => one.close()));
  }
}

async function compare(task: AuditTask, ledger: WrittenLedger, sender: Books, receiver: Books): Promise<AuditReport> {
  const findings = new Findings();
  const posted = new Set(ledger.posted.map(({ leaf }) => leaf));
  compareDirection(sender, receiver, posted, findings);
  compareDirection(receiver, sender, new Set(), findings);
  await compareCases(sender, receiver, ledger, task, findings);
  comparePosted(receiver, ledger, findings);
  const receipts = compareReceipts(sender, receiver, findings) + compareReceipts(receiver, sender, findings);
  await auditLog(sender, receiver, findings);
  await auditLog(receiver, sender, findings);
  let unswept = 0;
  for (const books of [sender, receiver]) unswept += await auditMaterials(books, ledger, findings);
  for (const region of [task.sender, task.receiver]) await auditProcessLogs(region, task.personal, findings);
  return {
    envelopes: sender.outbox.length + receiver.outbox.length + ledger.posted.length,
    accepted: ledger.accepted.length,
    files: ledger.accepted.reduce((sum, { files }) => sum + files.length, 0),
    lost: findings.count('lost'),
    doubled: findings.count('doubled'),
    receipts,
    receiptFaults: findings.count('receipt'),
    logFaults: findings.count('log'),
    orphans: findings.count('orphan'),
    materialFaults: findings.count('material'),
    personal: findings.count('personal'),
    late: [...sender.outbox, ...receiver.outbox].filter(({ isLate }) => isLate).length,
    unswept,
    findings: findings.told,
  };
}
