import type { CaseDesk } from '#adapters';
import { caseJson } from '../api/views/case-view.ts';
import type { Examinations } from '../document/examinations.ts';
import { caseDesk } from '../platform/case-desk.ts';
import type { Scans } from '../scan/scans.ts';
import type { Core } from './core.ts';

/** What each platform of the own region may ask about cases: what the API would show it. */
export function openDesks(core: Core, examinations: Examinations, scans: Scans): (platform: string) => CaseDesk {
  return (platform) =>
    caseDesk(platform, {
      ...core,
      scans,
      shown: async (file) => {
        const { conversation } = file;
        const found = { seals: await examinations.of(conversation), scans: await scans.of(conversation) };
        return caseJson(file, core.clock.now(), { isOpen: true, hasCode: true }, found);
      },
    });
}
