import { Readable } from 'node:stream';
import type { CaseDesk } from '#adapters';
import { CodedError } from '#proto';
import type { Clock } from '#trust';
import type { CaseFile } from '../case/case-file.ts';
import { caseRepository } from '../case/case-repository.ts';
import { accessBook, type PersonalAccess } from '../case/personal/access-book.ts';
import type { MaterialStore } from '../material/material-store.ts';
import type { Scans } from '../scan/scans.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { isReference, referenceTable } from './intake/reference-table.ts';

/** For what adapters look at cases (用途): it stands in the configuration, and is written down once a day for the same thing. */
const PURPOSE = '向本地平台对接办件 / platform adapter';

export interface CaseDeskContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly materials: Pick<MaterialStore, 'open'>;
  readonly scans: Pick<Scans, 'demandClean'>;
  /** A case in full, as the API shows it to a platform that may see personal data. */
  readonly shown: (file: CaseFile) => Promise<object>;
}

/**
 * What one platform's adapter may ask about cases. Every look is written down in the name of the platform, as
 * `platform:NAME`, before anything is told.
 */
export function caseDesk(platform: string, context: CaseDeskContext): CaseDesk {
  const { store, clock, log, materials, scans, shown } = context;
  const look = (wanted: Pick<PersonalAccess, 'conversation' | 'what' | 'subject'>) => {
    const who = { by: `platform:${platform}`, role: 'platform', purpose: PURPOSE, at: clock.now() };
    return accessBook.record(store, { ...wanted, ...who }, true);
  };
  /** Bytes of which none is read before somebody asks for the first. */
  const materialOf = async (conversation: string, digest: string) => {
    const { document } = await caseRepository.demand(store.read, conversation);
    // A file that a peer staged is part of the case only once an envelope named it.
    if (!document.materials.some((material) => material.digest === digest))
      throw new CodedError('NOT_FOUND', 'the case has no such material');
    const name = Buffer.from(digest, 'hex');
    await scans.demandClean(conversation, name);
    return (await materials.open(conversation, name)).bytes;
  };

  return {
    async read(conversation) {
      const file = await caseRepository.find(store.read, conversation);
      if (!file) return undefined;
      await look({ conversation, what: 'case', subject: '' });
      const reference = await referenceTable.referenceOf(store.read, platform, conversation);
      return { ...(await shown(file)), ...(reference !== undefined && { reference }) };
    },

    async demandMaterial(conversation, digest) {
      await materialOf(conversation, digest);
    },

    async openMaterial(conversation, digest) {
      const bytes = await materialOf(conversation, digest);
      await look({ conversation, what: 'material', subject: digest });
      return Readable.from(bytes, { objectMode: false });
    },

    async bind(conversation, reference) {
      const isBound = await store.write(async (tx) => {
        if (!(await caseRepository.find(tx, conversation))) return true;
        // The first one stays.
        if ((await referenceTable.referenceOf(tx, platform, conversation)) !== undefined) return true;
        if (!isReference(reference)) return false;
        if ((await referenceTable.conversationOf(tx, platform, reference)) !== undefined) return false;
        await referenceTable.bind(tx, { adapter: platform, reference, conversation }, clock.now());
        return true;
      });
      if (!isBound)
        log.warn(
          { conversation },
          'the number that the platform gave to a case is none that can be kept, or it is that of another case',
        );
    },
  };
}
