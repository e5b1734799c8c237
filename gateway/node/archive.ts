import { archiveTable } from '../archive/archive-table.ts';
import { envelopesIn } from '../archive/archived-envelopes.ts';
import { Archivist } from '../archive/archivist.ts';
import { purgeArchived } from '../archive/purge-archived.ts';
import { exportCheck } from '../certificate/check-evidence.ts';
import { type ExportContext, exportBundle } from '../evidence/bundle-export.ts';
import type { Core } from './core.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Evidence of what has ended long ago goes into the archive, without payloads: they have an end of their own. */
export function openArchive(core: Core, exporting: ExportContext): Archivist {
  const { region, store, clock, log, evidence, config } = core;
  const { folder, afterDays, purgeAfterDays } = config.archive;
  const now = () => clock.now();
  const archive: Archivist = new Archivist({
    ...{ region, store, now, folder },
    log: evidence,
    signer: core.signer,
    afterMs: afterDays * DAY_MS,
    own: () => core.own,
    exportOf: ({ kind, id, peer }) =>
      kind === 'case' ? evidenceOf(id, false, exporting, archive) : exportCheck(id, peer, exporting, false),
    purge: async () => {
      if (purgeAfterDays === undefined) return;
      const count = await purgeArchived({ store, now, folder, afterMs: purgeAfterDays * DAY_MS });
      if (count > 0) log.info({ count }, 'the envelopes of archived cases left the database');
    },
    onClosed: ({ number, entries }) =>
      log.info({ serial: number, count: entries }, 'a volume of the archive was closed'),
    onError: (error, conversation) =>
      log.error(
        { ...(conversation && { conversation }), err: error },
        'evidence could not be archived; it is tried again',
      ),
  });
  return archive;
}

/** The evidence of a case: from the archive what has left the database, and with it what came later. */
export async function evidenceOf(
  conversation: string,
  hasPayloads: boolean | undefined,
  exporting: ExportContext,
  archive: Pick<Archivist, 'bundleFrom'>,
): Promise<string> {
  const volume = await archiveTable.purgedInto(exporting.read, conversation);
  if (volume === undefined) return exportBundle(conversation, exporting, hasPayloads);
  const earlier = await archive.bundleFrom(volume, { kind: 'case', id: conversation });
  return exportBundle(conversation, exporting, hasPayloads, envelopesIn(earlier));
}
