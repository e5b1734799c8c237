import type { MaterialStore } from '../material/material-store.ts';
import type { Outbox } from '../outbound/outbox.ts';
import type { Store } from '../store/store.ts';
import type { CaseNeighbours } from './neighbours.ts';

/** What everything that is done to cases works with. */
export interface CaseContext {
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
  readonly newId: () => string;
  /** Makes a query code that nobody can guess. */
  readonly newCode: () => string;
  readonly outbox: Outbox;
  readonly materials: MaterialStore;
  readonly neighbours: CaseNeighbours;
}
