import { randomInt } from 'node:crypto';
import { CodedError } from '#proto';
import { builtInCertificateTypes, type CertificateTypes } from '#trust';
import type { AuthorizationService } from '../authorization/authorization-service.ts';
import { caseRepository } from '../case/case-repository.ts';
import { paperTable } from '../case/papers/paper-table.ts';
import type { CertificateService } from '../certificate/certificate-service.ts';
import { CheckService } from '../certificate/check-service.ts';
import { StatusLists } from '../certificate/status-lists.ts';
import { StatusReader } from '../certificate/status-reader.ts';
import { readTypeFolder } from '../certificate/type-folder.ts';
import { Examinations } from '../document/examinations.ts';
import type { Dispatcher } from '../outbound/dispatcher.ts';
import type { PlatformEvents } from '../platform/platform-events.ts';
import type { Platforms } from '../platform/platforms.ts';
import type { Core } from './core.ts';
import type { Notices } from './notices.ts';

/** Types of certificates: those of the program and those of the region. What the region changes is said in the log. */
export async function openTypes({ config, log }: Core): Promise<CertificateTypes> {
  const types = await readTypeFolder(config.certificates.types);
  const replaced = [...types.values()].filter(({ replacedBy }) => replacedBy !== undefined).length;
  if (types.size > builtInCertificateTypes.size)
    log.info({ count: types.size - builtInCertificateTypes.size }, 'the region has certificate types of its own');
  if (replaced > 0)
    log.warn({ count: replaced }, 'the region issues types of its own in the place of others; see certificates.types');
  return types;
}

/** Our status lists, and the way to those of other regions. */
export function openStatus({ config, store, clock, region, keyring, peers, log }: Core) {
  const { statusBaseUri, statusTtlMs, statusLifetimeMs, statusSources, statusMaxAgeMs } = config.certificates;
  return {
    statusLists: new StatusLists({
      store,
      clock,
      region,
      signer: keyring.certificateSigner,
      publishing: { baseUri: statusBaseUri, ttlMs: statusTtlMs, lifetimeMs: statusLifetimeMs },
      random: (limit) => randomInt(limit),
      onError: (error) =>
        log.error({ err: error }, 'a status list could not be signed anew; the copy before still serves'),
    }),
    statusReader: new StatusReader({
      store,
      clock,
      statementOf: (issuer) => peers.statementOf(issuer),
      sources: statusSources,
      maxAgeMs: statusMaxAgeMs,
      onError: (peer, error) =>
        log.warn({ peer, err: error }, 'a status list of a region could not be read; it is tried again'),
    }),
  };
}

/** Checks of certificates and data between regions (核查). */
export function openChecks(
  core: Core,
  authorizations: AuthorizationService,
  certificates: CertificateService,
  { outgoingNotices, incomingNotices }: Notices,
  dispatcher: () => Dispatcher | undefined,
  platforms: () => Platforms,
): CheckService {
  return new CheckService({
    ...core,
    log: core.evidence,
    signerFor: (peer) => core.keyring.signerFor(peer),
    certificates,
    outgoingNotices,
    incomingNotices,
    newConversation: core.newId,
    peerOf: (region) => core.peers.demand(region),
    client: (region) => {
      const link = dispatcher()?.link(region);
      if (!link) throw new CodedError('PEER_NOT_PINNED');
      return link.client;
    },
    cite: (peer, item) => authorizations.citeForCheck(peer, item),
    permit: (peer, use) => authorizations.permit(peer, use),
    agreementOf: (header) => authorizations.resolve(header, true),
    askSource: (query, signal) => platforms().answer(query, signal),
    ...core.config.checks,
  });
}

/** Seals of materials are looked at when they come; platforms learn the result. */
export function openExaminations(core: Core, events: PlatformEvents): Examinations {
  return new Examinations({
    ...core,
    caseOf: async (conversation) => {
      const file = await caseRepository.find(core.store.read, conversation);
      if (!file) return undefined;
      // Notices are held against the statement of their region when somebody opens them.
      const papers = await paperTable.of(core.store.read, conversation);
      const unexamined = papers.map(({ digest }) => ({ digest: digest.toString('hex'), mediaType: '' }));
      return { number: file.number, peer: file.peer, materials: [...file.document.materials, ...unexamined] };
    },
    emit: (tx, data) => events.emit(tx, { type: 'cn.tongban.material.examined.v1', subject: data.conversation, data }),
  });
}
