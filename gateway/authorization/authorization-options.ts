import type { Clock, Signer } from '#trust';
import type { Outbox } from '../outbound/outbox.ts';
import type { Peers } from '../peer/peers.ts';
import type { Store } from '../store/store.ts';
import type { AgreementNews } from './agreement-books.ts';
import type { CatalogueItems } from './granted-catalogues.ts';

/** What the life of agreements needs of the rest of the gateway. */
export interface AuthorizationOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly region: string;
  readonly outbox: Outbox;
  readonly peers: Peers;
  /** Our *signing* key. */
  readonly signer: Signer;
  /** Source of UUIDs, for agreements and their conversations. */
  readonly newId: () => string;
  /** What a catalogue that a grant names stands for. */
  readonly catalogueItems: CatalogueItems;
  /** Where each agreement is written that comes into force, as `<id>.json`. */
  readonly exportFolder?: string | undefined;
  /** Told when such a file cannot be written; the agreement is in force all the same. */
  readonly onError: (error: unknown) => void;
  /** Tells the local platforms and the operators; nobody is told when absent. */
  readonly news?: AgreementNews;
}
