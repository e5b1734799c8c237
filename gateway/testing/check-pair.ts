import { decode, type messages } from '#proto';
import { type AgreementContent, compileAgreement } from '#trust';
import { checkLink, type Interference } from './check-link.ts';
import { type CheckRegion, checkRegion, type TestAgreement } from './check-region.ts';

/** An agreement by which Uxin Banner tells Nantong some fields. */
export function checkAgreement(changes: Partial<AgreementContent> = {}): TestAgreement {
  const compiled = compileAgreement({
    id: '6f1d8f0e-3b0a-4d57-9a5e-0c4a4f8d2b11',
    version: 1,
    parties: ['320600', '150626'],
    grants: [
      {
        grantor: '150626',
        grantee: '320600',
        department: { name: '乌审旗市场监督管理局', code: '111506260117283920' },
        rights: ['R1a'],
        items: ['EX018'],
        modes: ['agency'],
      },
    ],
    fields: [
      'certificate.certificate_holder_name',
      'certificate.business_items',
      'certificate.certificate_validate_end',
      'data.real-estate.owner_code',
      'data.real-estate.address',
    ],
    valid_from: '2026-12-01T00:00:00+08:00',
    valid_until: '2040-12-01T00:00:00+08:00',
    terms: '甲乙双方相互核验电子证照。',
    created_at: '2026-11-01T09:00:00+08:00',
    ...changes,
  });
  return { id: compiled.content.id, digest: Buffer.alloc(32, 7), compiled };
}

/** A row of the book of checks. */
export interface CheckRow {
  readonly direction: string;
  readonly peer: string;
  readonly id: string;
  readonly identifier: string;
  readonly status: string;
  readonly question: Buffer;
  readonly answer: Buffer;
  readonly leaf: Buffer;
  readonly question_group: number | null;
  readonly question_index: number | null;
  readonly answer_group: number | null;
  readonly answer_index: number | null;
}

export function checksOf(region: CheckRegion): Promise<CheckRow[]> {
  return region.store.read.all<CheckRow>('SELECT * FROM certificate_check ORDER BY at, id');
}

export async function logOf(region: CheckRegion): Promise<messages.LogEntry[]> {
  const rows = await region.store.read.all<{ entry: Buffer }>('SELECT entry FROM log_entry ORDER BY position');
  return rows.map(({ entry }) => decode('LogEntry', entry));
}

/** Nantong asks, Uxin Banner answers; both keep their clocks by `time`. */
export interface CheckPair {
  readonly time: { value: number };
  readonly uxin: CheckRegion;
  readonly nantong: CheckRegion;
  /** Somebody between them. */
  readonly wire: Interference;
  agree(made: TestAgreement): void;
  close(): Promise<void>;
}

/** Opens two regions that pinned each other and agreed. Must be closed by the caller. */
export async function checkPair(
  now: number,
  reuse?: { readonly answerSeconds: number; readonly reuseSeconds: number },
): Promise<CheckPair> {
  const time = { value: now };
  const clock = { now: () => time.value };
  const uxin = await checkRegion('150626', clock, reuse);
  const nantong = await checkRegion('320600', clock, reuse);
  const wire: Interference = {};
  nantong.pinned.set('150626', uxin.own);
  uxin.pinned.set('320600', nantong.own);
  nantong.links.set('150626', checkLink(uxin.checks, nantong.own.statement, wire));
  const agree = (made: TestAgreement) => {
    for (const region of [uxin, nantong]) region.agreements.set(made.id, made);
  };
  agree(checkAgreement());
  const close = async () => {
    await uxin.close();
    await nantong.close();
  };
  return { time, uxin, nantong, wire, agree, close };
}
