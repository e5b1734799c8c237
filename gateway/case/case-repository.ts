import { CodedError, type Mode } from '#proto';
import type { Row, Sql, Transaction } from '../store/store.ts';
import { rowOf } from '../store/vault/sealed-columns.ts';
import type { CaseDocument, CaseEvent, CaseFile, CaseHead } from './case-file.ts';
import { keysOf, nextDue } from './search/case-keys.ts';
import type { Event, Role, State } from './transitions.ts';

/** States in which a case has ended (办结): its result is handed over, or there is none. */
export const ENDED: ReadonlySet<State> = new Set<State>([
  'delivered',
  'rated',
  'refused',
  'sent-back',
  'withdrawn',
  'revoked',
]);

/** Cases on one page of a list, at most. */
export const PAGE = 200;

/** Cases and their history in the store. */
export const caseRepository = {
  async find(sql: Sql, conversation: string): Promise<CaseFile | undefined> {
    const row = await sql.get('SELECT * FROM case_file WHERE conversation = ?', conversation);
    return row && fileOf(sql, row);
  },

  /** @throws CodedError NOT_FOUND */
  async demand(sql: Sql, conversation: string): Promise<CaseFile> {
    const file = await this.find(sql, conversation);
    if (!file) throw new CodedError('NOT_FOUND', 'there is no such case');
    return file;
  },

  /** A case without its document; `sent` is what the document remembers of the act that waits for its receipt. */
  async findHead(sql: Sql, conversation: string): Promise<{ head: CaseHead; sent: object } | undefined> {
    const file = await this.find(sql, conversation);
    if (!file) return undefined;
    const { document, ...head } = file;
    return { head, sent: (head.pending && document.steps[head.pending.event]) ?? {} };
  },

  /** Our number of a case; undefined when there is none with the conversation. */
  async numberOf(sql: Sql, conversation: string): Promise<string | undefined> {
    const row = await sql.get<{ number: string }>('SELECT number FROM case_file WHERE conversation = ?', conversation);
    return row?.number;
  },

  async findByNumber(sql: Sql, number: string): Promise<CaseFile | undefined> {
    const row = await sql.get('SELECT * FROM case_file WHERE number = ?', number);
    return row && fileOf(sql, row);
  },

  /** By the number of the other region; undefined when several regions gave the same. */
  async findByPeerNumber(sql: Sql, number: string): Promise<CaseFile | undefined> {
    const [row, second] = await sql.all(
      "SELECT * FROM case_file WHERE peer_number = ? AND peer_number <> '' LIMIT 2",
      number,
    );
    return row && !second ? fileOf(sql, row) : undefined;
  },

  async findByQueryCode(sql: Sql, code: string): Promise<CaseFile | undefined> {
    const row = await sql.get(
      'SELECT f.* FROM case_query q JOIN case_file f ON f.conversation = q.conversation WHERE q.code = ?',
      code,
    );
    return row && fileOf(sql, row);
  },

  /** Those of so many conversations that there are, in that order. */
  async findAll(sql: Sql, conversations: readonly string[]): Promise<CaseFile[]> {
    if (conversations.length === 0) return [];
    // Statements are prepared once per text: of few lengths, the last conversation fills up.
    const count = 2 ** Math.ceil(Math.log2(conversations.length));
    const asked = Array.from({ length: count }, (_, index) => conversations[index] ?? conversations.at(-1)!);
    const rows = await sql.all(
      `SELECT * FROM case_file WHERE conversation IN (${asked.map(() => '?').join(', ')})`,
      ...asked,
    );
    const files = new Map(rows.map((row) => [String(row.conversation), fileOf(sql, row)]));
    return conversations.flatMap((conversation) => files.get(conversation) ?? []);
  },

  /** Oldest first, from the one after `after` on and before a moment. */
  async page(
    sql: Sql,
    after: { readonly createdAt: number; readonly conversation: string },
    until: number,
    limit: number,
  ): Promise<CaseFile[]> {
    const rows = await sql.all(
      `SELECT * FROM case_file WHERE (created_at, conversation) > (?, ?) AND created_at < ?
       ORDER BY created_at, conversation LIMIT ?`,
      after.createdAt,
      after.conversation,
      until,
      limit,
    );
    return rows.map((row) => fileOf(sql, row));
  },

  async insert(tx: Transaction, file: CaseFile): Promise<void> {
    const keys = keysOf(file.document);
    await tx.run(
      `INSERT INTO case_file (conversation, number, role, peer, peer_number, item, mode, state, pending, authorization_id,
         version, document, applicant_key, applicant_name, due_at, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      file.conversation,
      file.number,
      file.role,
      file.peer,
      file.peerNumber,
      file.item,
      file.mode,
      file.state,
      pendingText(file.pending),
      file.authorizationId,
      file.version,
      documentText(tx, file),
      tx.vault.hash(keys.applicant),
      tx.vault.hash(keys.name),
      keys.dueAt,
      file.createdAt,
      file.updatedAt,
    );
    if (file.document.queryCode !== '')
      await tx.run(
        'INSERT INTO case_query (code, conversation) VALUES (?, ?) ON CONFLICT (code) DO NOTHING',
        file.document.queryCode,
        file.conversation,
      );
  },

  /** Writes a changed case; whose it is stays. */
  async update(tx: Transaction, file: CaseFile): Promise<void> {
    await tx.run(
      `UPDATE case_file SET peer_number = ?, state = ?, pending = ?, authorization_id = ?, version = ?, document = ?, due_at = ?,
         ended_at = CASE WHEN ? = 1 THEN coalesce(ended_at, ?) END, updated_at = ? WHERE conversation = ?`,
      file.peerNumber,
      file.state,
      pendingText(file.pending),
      file.authorizationId,
      file.version,
      documentText(tx, file),
      nextDue(file.document.limits),
      hasEnded(file),
      file.updatedAt,
      file.updatedAt,
      file.conversation,
    );
  },

  /** Gives a case the number back that was told of it. */
  async renumber(tx: Transaction, conversation: string, number: string): Promise<void> {
    await tx.run('UPDATE case_file SET number = ? WHERE conversation = ?', number, conversation);
  },

  /** Writes a case that was handed in anew (预审后转办), perhaps by somebody else. */
  async replace(tx: Transaction, file: CaseFile): Promise<void> {
    await caseRepository.update(tx, file);
    await caseRepository.setKeys(tx, file.conversation, file.document);
  },

  /** Writes by what a case is found beyond its row: where it is handed in anew, was erased, or is from before. */
  async setKeys(tx: Transaction, conversation: string, document: CaseDocument): Promise<void> {
    const { applicant, name, dueAt } = keysOf(document);
    await tx.run(
      'UPDATE case_file SET applicant_key = ?, applicant_name = ?, due_at = ? WHERE conversation = ?',
      tx.vault.hash(applicant),
      tx.vault.hash(name),
      dueAt,
      conversation,
    );
  },

  /** Moves a case whose document stays as it is. */
  async move(tx: Transaction, head: CaseHead): Promise<void> {
    await tx.run(
      `UPDATE case_file SET state = ?, pending = ?, version = ?, ended_at = CASE WHEN ? = 1 THEN coalesce(ended_at, ?) END,
         updated_at = ? WHERE conversation = ?`,
      head.state,
      pendingText(head.pending),
      head.version,
      hasEnded(head),
      head.updatedAt,
      head.updatedAt,
      head.conversation,
    );
  },

  async addEvent(tx: Transaction, conversation: string, event: CaseEvent): Promise<void> {
    await tx.run(
      'INSERT INTO case_event (conversation, n, event, actor, at, state, envelope, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      conversation,
      event.n,
      event.event,
      event.actor,
      event.at,
      event.state,
      event.envelope,
      eventText(tx, conversation, event.n, event.data),
    );
  },

  /** Writes what is left of an event. */
  async changeEvent(tx: Transaction, conversation: string, n: number, data: object): Promise<void> {
    await tx.run(
      'UPDATE case_event SET document = ? WHERE conversation = ? AND n = ?',
      eventText(tx, conversation, n, data),
      conversation,
      n,
    );
  },

  async events(sql: Sql, conversation: string): Promise<CaseEvent[]> {
    const rows = await sql.all<{
      n: number;
      event: string;
      actor: string;
      at: number;
      state: string;
      envelope: string;
      document: string;
    }>(
      'SELECT n, event, actor, at, state, envelope, document FROM case_event WHERE conversation = ? ORDER BY n',
      conversation,
    );
    return rows.map(({ document, ...event }) => {
      const text = sql.vault.openText('case_event.document', rowOf(conversation, event.n), document);
      return { ...event, data: JSON.parse(text) };
    });
  },

  /** Next value of a named counter, from 1. */
  async count(tx: Transaction, name: string): Promise<number> {
    const row = await tx.get<{ value: number }>(
      'INSERT INTO counter (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value',
      name,
    );
    return row!.value;
  },
};

function fileOf(sql: Sql, row: Row): CaseFile {
  return { ...headOf(row), document: documentOf(sql, String(row.conversation), String(row.document)) };
}

/** The document of a case as its row has it. */
export function documentOf({ vault }: Sql, conversation: string, stored: string): CaseDocument {
  return JSON.parse(vault.openText('case_file.document', conversation, stored));
}

function documentText({ vault }: Sql, { conversation, document }: CaseFile): string {
  return vault.sealText('case_file.document', conversation, JSON.stringify(document));
}

function eventText({ vault }: Sql, conversation: string, n: number, data: object): string {
  return vault.sealText('case_event.document', rowOf(conversation, n), JSON.stringify(data));
}

function headOf(row: Row): CaseHead {
  return {
    conversation: String(row.conversation),
    number: String(row.number),
    role: row.role as Role,
    peer: String(row.peer),
    peerNumber: String(row.peer_number),
    item: String(row.item),
    mode: row.mode as Mode,
    state: row.state as State,
    pending: pendingOf(String(row.pending)),
    authorizationId: String(row.authorization_id),
    version: Number(row.version),
    ...(row.ended_at !== null && { endedAt: Number(row.ended_at) }),
    ...(row.erased_at !== null && { erasedAt: Number(row.erased_at) }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
}

/** For the database: whether a case has ended. */
function hasEnded({ state }: CaseHead): number {
  return ENDED.has(state) ? 1 : 0;
}

/** `transfer`, or `transfer!` once a message has shown that it was accepted. */
function pendingText(pending: CaseFile['pending']): string {
  return pending ? `${pending.event}${pending.settled ? '!' : ''}` : '';
}

function pendingOf(text: string): CaseFile['pending'] {
  if (text === '') return undefined;
  const settled = text.endsWith('!');
  return { event: (settled ? text.slice(0, -1) : text) as Event, settled };
}
