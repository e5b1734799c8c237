import { CodedError, contactList, type messages, type Problem } from '#proto';
import type { Incoming } from '../peer/incoming.ts';
import type { Sql, Transaction } from '../store/store.ts';
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
  async set(id: string, contacts: readonly object[]): Promise<void> {
    const { clock, outbox, region, store } = this.#options;
    const own = readContacts(contacts);
    const now = clock.now();
    await store.write(async (tx) => {
      const { state, peer, conversation, digest } = await demandAgreement(tx, id);
      if (state === 'draft') throw new CodedError('CONFLICT', 'the other region never took this proposal');
      await keep(tx, id, region, own, now);
      await outbox.enqueue(tx, {
        peer,
        conversation,
        name: 'AuthorizationContacts',
        payload: { authorizationId: id, authorizationDigest: digest, contacts: own, changedAt: now },
      });
    });
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

function readContacts(contacts: readonly object[]): messages.Contact[] {
  const filled = contacts.map((contact) => ({ role: '', phone: '', email: '', ...contact }));
  const problems: Problem[] = [];
  contactList(filled, '/contacts', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the contacts are not valid', problems);
  return filled as unknown as messages.Contact[];
}
