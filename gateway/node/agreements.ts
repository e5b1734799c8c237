import { wordOf } from '#trust';
import type { AgreementNews } from '../authorization/agreement-books.ts';
import { AuthorizationService } from '../authorization/authorization-service.ts';
import type { CatalogueItems } from '../authorization/granted-catalogues.ts';
import type { CatalogueService } from '../catalogue/catalogue-service.ts';
import { JointAgreements } from '../joint/joint-agreements.ts';
import type { PlatformEvents } from '../platform/platform-events.ts';
import type { Core } from './core.ts';

/** Mutual authorizations (相互授权): what becomes of them is said to the platforms and in the log. */
export function openAuthorizations(
  core: Core,
  events: PlatformEvents,
  catalogue: CatalogueService,
): AuthorizationService {
  return new AuthorizationService({
    ...core,
    news: agreementNews(core, events),
    catalogueItems: catalogueItems(catalogue),
    exportFolder: `${core.config.data}/authorizations`,
    onError: (error) => core.log.error({ err: error }, 'an authorization document could not be written to its folder'),
  });
}

/** Agreements of several regions (联办协议). */
export function openJoint(core: Core): JointAgreements {
  return new JointAgreements({
    ...core,
    signer: core.keyring.signer,
    onError: (error) =>
      core.log.error({ err: error }, 'a joint agreement that waits in vain could not be ended; it is tried again'),
  });
}

/** Platforms learn of every change; operators read in the log what needs them. */
function agreementNews({ log, clock }: Core, events: PlatformEvents): AgreementNews {
  return {
    changed: async (tx, { id, peer, state, updated_at }) => {
      await events.emit(tx, {
        type: 'cn.tongban.authorization.changed.v1',
        subject: id,
        data: { authorization: id, peer, state: wordOf(state), at: updated_at },
      });
      if (state !== 'expired') return;
      const text = 'an authorization has expired: no new case can begin under it, open ones go on';
      tx.afterCommit(() => log.warn({ authorization: id, peer }, text));
    },
    ending: async (tx, { id, peer, valid_until }, days) => {
      await events.emit(tx, {
        type: 'cn.tongban.authorization.ending.v1',
        subject: id,
        data: { authorization: id, peer, days, validUntil: valid_until, at: clock.now() },
      });
      const text = 'an authorization ends within so many days; renew it with: tongban authorization renew';
      tx.afterCommit(() => log.warn({ authorization: id, peer, count: days }, text));
    },
  };
}

/** What a catalogue stands for: the items of one department in what its region published to the other. */
function catalogueItems(catalogue: CatalogueService): CatalogueItems {
  return async (publisher, recipient, scope, department) => {
    const items = await catalogue.named(publisher, recipient, scope);
    return items?.filter(({ item }) => item.departmentCode === department).map(({ item }) => item.code);
  };
}
