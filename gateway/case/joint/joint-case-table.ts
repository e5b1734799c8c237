import type { Row, Sql, Transaction } from '../../store/store.ts';
import type { JointCase, JointPartRow, WholeKind } from './joint-case.ts';
import type { WholeState } from './joint-states.ts';

/** Joint cases and their parts in the store. */
export const jointCases = {
  async find(sql: Sql, conversation: string): Promise<JointCase | undefined> {
    const row = await sql.get('SELECT * FROM joint_case WHERE conversation = ?', conversation);
    return row && jointOf(sql, row);
  },

  async findByNumber(sql: Sql, number: string): Promise<JointCase | undefined> {
    const row = await sql.get('SELECT * FROM joint_case WHERE number = ?', number);
    return row && jointOf(sql, row);
  },

  /** The joint case of which a case is a part. */
  async ofPart(sql: Sql, conversation: string): Promise<string | undefined> {
    const row = await sql.get<{ joint: string }>('SELECT joint FROM joint_part WHERE conversation = ?', conversation);
    return row?.joint;
  },

  /** Those that follow an agreement, or a bundle; newest first. @param before created_at and conversation of the last one of the page before */
  async list(sql: Sql, kind: WholeKind, limit: number, before?: readonly [number, string]): Promise<JointCase[]> {
    const rows = await sql.all(
      `SELECT * FROM joint_case WHERE bundle ${kind === 'bundle' ? '<>' : '='} '' AND (created_at, conversation) < (?, ?)
       ORDER BY created_at DESC, conversation DESC LIMIT ?`,
      before?.[0] ?? Number.MAX_SAFE_INTEGER,
      before?.[1] ?? '',
      limit,
    );
    return rows.map((row) => jointOf(sql, row));
  },

  /** Conversations of those under way, in order, after one. */
  async underWay(sql: Sql, after: string, limit: number): Promise<string[]> {
    const rows = await sql.all<{ conversation: string }>(
      `SELECT conversation FROM joint_case WHERE state IN ('running', 'withdrawing') AND conversation > ?
       ORDER BY conversation LIMIT ?`,
      after,
      limit,
    );
    return rows.map(({ conversation }) => conversation);
  },

  async insert(tx: Transaction, joint: JointCase, parts: readonly JointPartRow[]): Promise<void> {
    await tx.run(
      `INSERT INTO joint_case
         (conversation, number, agreement, bundle, bundle_version, state, document, version, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      joint.conversation,
      joint.number,
      joint.agreement,
      joint.bundle,
      joint.bundleVersion,
      joint.state,
      wholeText(tx, joint.conversation, joint.document),
      joint.version,
      joint.createdAt,
      joint.updatedAt,
    );
    for (const { part, conversation, state, code } of parts)
      await tx.run(
        'INSERT INTO joint_part (joint, part, conversation, state, code) VALUES (?, ?, ?, ?, ?)',
        joint.conversation,
        part,
        conversation,
        state,
        code,
      );
  },

  /** Writes what changed, as the next version. @param at milliseconds */
  async change(
    tx: Transaction,
    joint: JointCase,
    changes: Partial<Pick<JointCase, 'state' | 'document'>>,
    at: number,
  ): Promise<JointCase> {
    const changed = { ...joint, ...changes, version: joint.version + 1, updatedAt: at };
    await tx.run(
      'UPDATE joint_case SET state = ?, document = ?, version = ?, updated_at = ? WHERE conversation = ?',
      changed.state,
      wholeText(tx, changed.conversation, changed.document),
      changed.version,
      changed.updatedAt,
      changed.conversation,
    );
    return changed;
  },

  parts(sql: Sql, joint: string): Promise<JointPartRow[]> {
    return sql.all<JointPartRow>('SELECT part, conversation, state, code FROM joint_part WHERE joint = ?', joint);
  },

  async changePart(tx: Transaction, { conversation, state, code }: JointPartRow): Promise<void> {
    await tx.run('UPDATE joint_part SET state = ?, code = ? WHERE conversation = ?', state, code, conversation);
  },
};

/** The document of a whole as its row has it. */
export function wholeOfText({ vault }: Sql, conversation: string, stored: string) {
  return JSON.parse(vault.openText('joint_case.document', conversation, stored));
}

/** @returns what the row of a whole holds of its document */
export function wholeText({ vault }: Sql, conversation: string, document: object): string {
  return vault.sealText('joint_case.document', conversation, JSON.stringify(document));
}

function jointOf(sql: Sql, row: Row): JointCase {
  return {
    conversation: String(row.conversation),
    number: String(row.number),
    agreement: String(row.agreement),
    bundle: String(row.bundle),
    bundleVersion: Number(row.bundle_version),
    state: row.state as WholeState,
    document: wholeOfText(sql, String(row.conversation), String(row.document)),
    version: Number(row.version),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    ...(row.erased_at !== null && { erasedAt: Number(row.erased_at) }),
  };
}
