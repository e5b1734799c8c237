import { CodedError } from '#proto';
import { type RegionStatement, readVolume } from '#trust';
import type { ArchivedRecord, ArchivedRecords } from '../evidence/log-claims.ts';
import type { OnFault } from '../evidence/log-fault.ts';
import type { Reader } from '../store/store.ts';
import { archiveTable } from './archive-table.ts';
import { digestOfFile, hasVolume, volumeFile, volumeLines } from './volume-files.ts';

interface Place {
  readonly entry: string;
  readonly index: number;
}

/** The members of a bundle that say where the log has it: of a case, or of a check. */
interface Logged {
  readonly envelopes?: readonly { readonly log: readonly Place[] }[];
  readonly log?: readonly Place[];
}

/**
 * Reads what the recheck of a log needs of the archive: of every volume on which a purged case or check depends, the
 * entries of its cases and checks.
 *
 * @param folders of volumes: each is taken from the first that has it
 * @param own our statement
 */
export function archivedRecords(folders: readonly string[], own: RegionStatement): ArchivedRecords {
  return async function* (read: Reader, onFault: OnFault) {
    for (const number of await archiveTable.neededVolumes(read)) {
      const where = `archive/${number}`;
      try {
        const path = await pathOf(folders, number);
        const known = await archiveTable.find(read, number);
        if (!known?.digest.equals((await digestOfFile(path)).digest))
          throw new CodedError('ARCHIVE_INVALID', 'its file is not the one that was closed');
        for await (const { id, bundle } of readVolume(volumeLines(path), () => own))
          yield* recordsOf(`${where}/${id}`, bundle);
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        onFault(where, error.code, error.message);
      }
    }
  };
}

async function pathOf(folders: readonly string[], number: number): Promise<string> {
  for (const folder of folders) if (await hasVolume(folder, number)) return volumeFile(folder, number);
  throw new CodedError('NOT_FOUND', `there is no volume ${number} in ${folders.join(' or ')}`);
}

function* recordsOf(where: string, bundle: Logged): Generator<ArchivedRecord> {
  for (const log of [...(bundle.envelopes ?? []).map((one) => one.log), bundle.log ?? []])
    for (const { entry, index } of log) yield { where, index, entry: Buffer.from(entry, 'base64url') };
}
