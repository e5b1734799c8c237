import { CodedError, contactList, type messages, type PayloadName, type Problem, type Rule } from '#proto';
import type { Incoming } from '../peer/incoming.ts';
import type { Sql, Transaction } from '../store/store.ts';
import type { AgreementRecord } from './agreement-record.ts';
import { demandAgreement } from './agreement-rules.ts';
import type { AuthorizationOptions } from './authorization-options.ts';
import { demandNamed } from './incoming-standing.ts';

/** Whom to call at a region about an agreement, as the region itself last said. */
export interface RegionContacts {
  readonly region: string;
  readonly contacts: readonly messages.Contact[];
  /** Milliseconds. */
  readonly changedAt: number;
}

interface ContactsRow {
  readonly region: string;
  readonly contacts: string;
  readonly changed_at: number;
}

/**
 * The annex of an agreement (联系人附件): nobody signs it, so that a change of staff needs no new signature. Each region
 * writes its own side. Names and numbers stand in the database and in the answer to staff, nowhere else.
 */
export class AgreementContacts {
  readonly #options: AuthorizationOptions;

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  /** Both sides' contacts, by region. @throws CodedError NOT_FOUND */
  async list(id: string): Promise<RegionContacts[]> {
    const { read } = this.#options.store;
    await demandAgreement(read, id);
    const rows = await read.all<ContactsRow>(
      'SELECT region, contacts, changed_at FROM agreement_contacts WHERE agreement = ? ORDER BY region',
      id,
    );
    return rows.map(({ region, contacts, changed_at }) => {
      return { region, contacts: JSON.parse(contacts) as messages.Contact[], changedAt: changed_at };
    });
  }

  /** Parameters and errors as in `AuthorizationService.setContacts`. */
  async set(id: string, contacts: unknown): Promise<void> {
    const { clock, region, store } = this.#options;
    const own = readContacts(contacts);
    const now = clock.now();
    await store.write(async (tx) => {
      const record = await demandAgreement(tx, id);
      if (record.state === 'draft') throw new CodedError('CONFLICT', 'the other region never took this proposal');
      await keep(tx, id, region, own, now);
      await this.#send(tx, record, own, now);
    });
  }

  /** Says our contacts as they are by now, when the peer could not be reached for 30 days. */
  async sayAgain(tx: Transaction, record: AgreementRecord, name: PayloadName): Promise<void> {
    if (name !== 'AuthorizationContacts') return;
    const row = await tx.get<ContactsRow>(
      'SELECT region, contacts, changed_at FROM agreement_contacts WHERE agreement = ? AND region = ?',
      record.id,
      this.#options.region,
    );
    if (row) await this.#send(tx, record, JSON.parse(row.contacts) as messages.Contact[], row.changed_at);
  }

  async #send(
    tx: Transaction,
    { id, digest, peer, conversation }: AgreementRecord,
    contacts: readonly messages.Contact[],
    changedAt: number,
  ): Promise<void> {
    const payload = { authorizationId: id, authorizationDigest: digest, contacts, changedAt };
    await this.#options.outbox.enqueue(tx, { peer, conversation, name: 'AuthorizationContacts', payload });
  }
}

/** The peer's side of the annex, which replaces what it said before. */
export async function takeContacts(tx: Transaction, { payload, peer, receivedAt }: Incoming): Promise<void> {
  const said = payload as messages.AuthorizationContacts;
  const { id } = await demandNamed(tx, said, peer.region);
  await keep(tx, id, peer.region, said.contacts, Math.min(said.changedAt, receivedAt));
}

async function keep(
  tx: Sql,
  id: string,
  region: string,
  contacts: readonly messages.Contact[],
  at: number,
): Promise<void> {
  await tx.run(
    `INSERT INTO agreement_contacts (agreement, region, contacts, changed_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (agreement, region) DO UPDATE SET contacts = excluded.contacts, changed_at = excluded.changed_at`,
    id,
    region,
    JSON.stringify(contacts),
    at,
  );
}

/** Contacts as people write them: what is left out is empty. */
export const writtenContacts: Rule = (value, pointer, problems) =>
  contactList(Array.isArray(value) ? value.map(filled) : value, pointer, problems);

function readContacts(contacts: unknown): messages.Contact[] {
  const problems: Problem[] = [];
  writtenContacts(contacts, '/contacts', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the contacts are not valid', problems);
  return (contacts as object[]).map(filled) as messages.Contact[];
}

function filled(contact: unknown): unknown {
  if (typeof contact !== 'object' || contact === null) return contact;
  return { role: '', phone: '', email: '', ...contact };
}
