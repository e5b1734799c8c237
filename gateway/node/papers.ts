import { verifyStatement } from '#trust';
import type { AuthorizationService } from '../authorization/authorization-service.ts';
import type { CaseNeighbours } from '../case/neighbours.ts';
import { CasePapers } from '../case/papers/case-papers.ts';
import { PaperPress } from '../case/papers/drawing/paper-press.ts';
import type { PaperSources } from '../case/papers/gather-facts.ts';
import { PaperWork } from '../case/papers/paper-work.ts';
import type { CatalogueService } from '../catalogue/catalogue-service.ts';
import type { Sealing } from '../seal/sealing.ts';
import type { Core } from './core.ts';

/** The notices of cases as documents (文书), and what makes them in the background. */
export interface Papers {
  readonly papers: CasePapers;
  readonly paperWork: PaperWork;
}

interface Rooms {
  readonly authorizations: AuthorizationService;
  readonly catalogue: CatalogueService;
  readonly sealing: Sealing;
  readonly neighbours: () => CaseNeighbours;
}

/** Composes what makes notices. */
export function openPapers(core: Core, { authorizations, catalogue, sealing, neighbours }: Rooms): Papers {
  const { region, store, clock, log, peers, config } = core;
  const now = () => clock.now();
  const papers = new CasePapers({
    ...core,
    now,
    press: new PaperPress(),
    sealing,
    office: config.office,
    itemOf: async (decider, code, digest) => (await catalogue.itemOf(store.read, decider, code, digest))?.item,
    departmentOf: departmentIn(authorizations),
    permitUnder: (id, use) => neighbours().permitUnder(id, use),
    emit: (tx, news) => neighbours().emit(tx, news),
    statementOf: async (other) => {
      const statement = await peers.lastStatementOf(other);
      return statement === undefined ? undefined : verifyStatement(statement);
    },
  });
  const onError = (conversation: string | undefined, error: unknown) =>
    log.error({ ...(conversation && { conversation }), err: error }, 'the notices of a case could not be made or sent');
  return { papers, paperWork: new PaperWork({ region, store, now, papers: () => papers, onError }) };
}

/** Of several grants the one that lists the item comes first: a catalogue may cover it as well. */
function departmentIn(authorizations: AuthorizationService): PaperSources['departmentOf'] {
  return async (id, { item, mode, grantor }) => {
    const { content } = await authorizations.get(id);
    const covering = content.grants.filter(
      (grant) => grant.grantor === grantor && grant.modes.some((granted) => granted === mode),
    );
    const listing = covering.find(({ items }) => items.includes(item));
    const { name, code } = (listing ?? covering.find(({ catalogue }) => catalogue))?.department ?? {};
    return name === undefined ? undefined : { name, code: code! };
  };
}
