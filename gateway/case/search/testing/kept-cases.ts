import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../../store/store.ts';
import type { CaseDocument, CaseFile } from '../../case-file.ts';
import { caseRepository } from '../../case-repository.ts';

/** When the first case of a test was opened, milliseconds. */
export const AT = Date.parse('2026-11-23T10:00:00+08:00');

/** A person who does not exist; the number has a good check character. */
export const AYXAM = { documentType: 'citizen-number', documentNumber: '11010519491231002X', name: '阿依夏木·示例' };

const HANDLER = { organisation: '南通市政务服务中心', window: 'A1', staff: 'NT001' };

/** A store for a test, and what ends it. */
export async function searchStore(): Promise<{ store: Store; close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'case-search-'));
  const store = await openSqliteStore(join(folder, 'gateway.db'));
  return {
    store,
    close: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

type Changes = Partial<Omit<CaseFile, 'document'>> & {
  readonly applicant?: Partial<CaseDocument['applicant']>;
  /** When a limit of it runs out, milliseconds. */
  readonly dueAt?: number;
};

/** Keeps the n-th case, opened n ms after the first. */
export async function keepCase(store: Store, n: number, { applicant, dueAt, ...row }: Changes = {}): Promise<CaseFile> {
  const limit = { name: 'promised', state: 'running', since: AT, used: 0 } as const;
  const file: CaseFile = {
    conversation: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
    number: `32060020261123${String(n).padStart(6, '0')}`,
    role: 'receiving',
    peer: '150626',
    peerNumber: '',
    item: 'EX018',
    mode: 'agency',
    state: 'draft',
    pending: undefined,
    authorizationId: 'a',
    version: 1,
    document: {
      applicant: { kind: 'person', ...AYXAM, mobile: '', address: '', ...applicant },
      form: {},
      materials: [],
      handler: HANDLER,
      terms: {
        promisedWorkingDays: 3,
        statutoryWorkingDays: 0,
        acceptanceWorkingDays: 0,
        paperOriginals: false,
        silenceAccepts: false,
      },
      limits: dueAt === undefined ? [] : [{ ...limit, dueAt }],
      queryCode: '',
      steps: {},
    },
    createdAt: AT + n,
    updatedAt: AT + n,
    ...row,
  };
  await store.write((tx) => caseRepository.insert(tx, file));
  return file;
}
