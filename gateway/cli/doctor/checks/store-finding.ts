import type { Reader } from '../../../store/store.ts';
import { type Finding, type Remedy, warning, wrong } from '../finding.ts';

export const what = 'database';

export const RESTORE: Remedy = {
  zh: '停网关,按手册先备份再检查磁盘和数据库',
  en: 'stop the gateway, make a copy, then examine disk and database as the page says',
  page: 'database',
};

export interface StoreFindings {
  readonly findings: readonly Finding[];
  /** How long what the pinned regions told us is good. */
  readonly pins?: readonly Finding[];
  /** Milliseconds: what the newest entry of the evidence log says. */
  readonly newestEntryAt?: number;
  /** Milliseconds: since when the gateway gets no timestamp. */
  readonly stampsFailingSince?: number;
}

/** Reads what the rest of the examination wants to know, from a database that is sound. */
export type ReadFacts = (read: Reader) => Promise<StoreFindings>;

export function isDamage({ what: of, level }: Finding): boolean {
  return level === 'wrong' && (of === what || of === 'log');
}

export function isNewer(): Finding {
  return wrong(
    what,
    { zh: '数据库由更新版本的程序写过', en: 'a newer program wrote the database' },
    { zh: '升级程序;数据库不能退回旧版本', en: 'upgrade this program; the database cannot go back', page: 'database' },
  );
}

export function isOlder(version: number): Finding {
  return warning(
    what,
    { zh: `数据库结构版本 ${version} 较旧`, en: `version ${version} of the tables is old` },
    {
      zh: '先备份,重启网关时自动升级',
      en: 'make a copy; the next start of the gateway brings it up to date',
      page: 'database',
    },
  );
}
