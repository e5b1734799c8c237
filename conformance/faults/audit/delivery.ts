import { headerOf } from '../../reference/exchange.ts';
import { HASHES } from '../../reference/signed.ts';
import { leafOf } from '../../reference/wire.ts';
import type { Books, EnvelopeRow } from './books.ts';
import type { Findings } from './findings.ts';
import type { WrittenLedger } from './task.ts';

/** Every envelope that one region took for sending arrived at the other once, as it was. */
export function compareDirection(from: Books, to: Books, posted: ReadonlySet<string>, findings: Findings): void {
  const arrived = byLeaf(
    to.inbox.filter(({ peer }) => peer === from.region),
    to,
    findings,
  );
  const sent = new Set<string>();
  for (const row of from.outbox.filter(({ peer }) => peer === to.region)) {
    const leaf = leafIn(row);
    const where = `${from.region} outbox/${row.id}`;
    if (!row.leaf.equals(leaf)) findings.add('receipt', where, 'the leaf hash is not that of the header');
    if (sent.has(hex(leaf))) findings.add('doubled', where, 'stands twice in the outbox');
    sent.add(hex(leaf));
    if (row.isLate) continue;
    const [found] = arrived.get(hex(leaf)) ?? [];
    if (!found) findings.add('lost', where, `is ${row.state} here and never arrived`);
    else if (row.state !== 'accepted') findings.add('lost', where, `arrived, and is ${row.state} ${row.code} here`);
    else if (found.code !== '') findings.add('lost', where, `was rejected there: ${found.code}`);
  }
  for (const [leaf, rows] of arrived) {
    const where = `${to.region} inbox/${rows[0]!.id}`;
    if (rows.length > 1) findings.add('doubled', where, `stands ${rows.length} times in the inbox`);
    if (!sent.has(leaf) && !posted.has(leaf)) findings.add('doubled', where, 'arrived and was never sent');
  }
  demandSequences(to, from.region, findings);
}

/** Each number of a conversation once, from 1 without a gap. */
function demandSequences(to: Books, sender: string, findings: Findings): void {
  const numbers = new Map<string, number[]>();
  for (const { peer, conversation, sequence, code } of to.inbox)
    if (peer === sender && code !== 'SEQUENCE_USED')
      numbers.set(conversation, [...(numbers.get(conversation) ?? []), sequence]);
  for (const [conversation, list] of numbers) {
    const where = `${to.region} conversation/${conversation}`;
    const sorted = list.toSorted((a, b) => a - b);
    if (new Set(list).size < list.length) findings.add('doubled', where, 'a number was taken twice');
    else if (sorted.some((number, index) => number !== index + 1)) findings.add('lost', where, 'a number is missing');
  }
}

/** Every case that the API accepted is a case at both sides, once; nothing was done twice; nobody else's case is there. */
export async function compareCases(
  sender: Books,
  receiver: Books,
  ledger: WrittenLedger,
  { keyedItem, mustBeTold }: { readonly keyedItem: string; readonly mustBeTold: boolean },
  findings: Findings,
): Promise<void> {
  const casesAt = async ({ tables }: Books) =>
    tables.all<{ conversation: string; role: string; item: string }>('SELECT conversation, role, item FROM case_file');
  const [here, there] = [await casesAt(sender), await casesAt(receiver)];
  const [known, opened] = [countOf(here), countOf(there)];
  for (const { conversation } of ledger.accepted) {
    if (!known.has(conversation)) findings.add('lost', `${sender.region} case/${conversation}`, 'was accepted');
    if (!opened.has(conversation)) findings.add('lost', `${receiver.region} case/${conversation}`, 'was accepted');
  }
  for (const [conversation, count] of opened)
    if (count > 1) findings.add('doubled', `${receiver.region} case/${conversation}`, `was opened ${count} times`);
  const started = new Set([...sender.outbox, ...ledger.posted].map(({ conversation }) => conversation));
  for (const conversation of opened.keys())
    if (!started.has(conversation))
      findings.add('doubled', `${receiver.region} case/${conversation}`, 'was never sent by the other side');
  const keyed = here.filter(({ item }) => item === keyedItem).length;
  if (keyed > ledger.keyed)
    findings.add('doubled', `${sender.region} cases`, `${keyed} were opened under ${ledger.keyed} keys`);
  if (keyed < ledger.keyed)
    findings.add('lost', `${sender.region} cases`, `${keyed} were opened under ${ledger.keyed} keys`);
  for (const books of [sender, receiver]) await demandOneEffect(books, findings);
  const told = new Set(ledger.told);
  for (const { conversation } of mustBeTold ? ledger.accepted : [])
    if (!told.has(conversation))
      findings.add('lost', `${receiver.region} event/${conversation}`, 'no platform was told');
}

/** Each envelope moves its case once. */
async function demandOneEffect({ region, tables }: Books, findings: Findings): Promise<void> {
  const twice = await tables.all<{ envelope: string; n: number }>(
    "SELECT envelope, count(*) AS n FROM case_event WHERE envelope <> '' GROUP BY envelope HAVING count(*) > 1",
  );
  for (const { envelope, n } of twice)
    findings.add('doubled', `${region} case_event/${envelope}`, `moved its case ${n} times`);
}

/** What a peer sent by hand has the receipt that it was given, each time the same. */
export function comparePosted(receiver: Books, { posted }: WrittenLedger, findings: Findings): void {
  const rows = new Map(receiver.inbox.map((row) => [row.id, row]));
  for (const { id, leaf, receipt } of posted) {
    const row = rows.get(id);
    const where = `${receiver.region} inbox/${id}`;
    if (!row) findings.add('lost', where, 'has a receipt and is not there');
    else if (hex(row.leaf) !== leaf || !row.receipt || hex(row.receipt) !== receipt)
      findings.add('receipt', where, 'is not what was answered');
  }
}

function byLeaf(rows: readonly EnvelopeRow[], books: Books, findings: Findings): Map<string, EnvelopeRow[]> {
  const found = new Map<string, EnvelopeRow[]>();
  for (const row of rows) {
    const leaf = leafIn(row);
    if (!row.leaf.equals(leaf))
      findings.add('receipt', `${books.region} inbox/${row.id}`, 'the leaf hash is not that of the header');
    found.set(hex(leaf), [...(found.get(hex(leaf)) ?? []), row]);
  }
  return found;
}

function countOf(rows: readonly { conversation: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { conversation } of rows) counts.set(conversation, (counts.get(conversation) ?? 0) + 1);
  return counts;
}

function leafIn({ header }: EnvelopeRow): Buffer {
  return leafOf(HASHES[headerOf(header).suite], header);
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}
