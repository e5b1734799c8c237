import { CodedError } from '#proto';
import type { RetentionConfig } from '../../config/retention-config.ts';
import type { CaseFile } from '../case-file.ts';
import { ENDED } from '../case-repository.ts';
import type { State } from '../transitions.ts';
import { isHeld } from './erasure-notes.ts';

/**
 * Whether an item's cases are kept long enough (保存期限届满).
 *
 * @param since when the case ended, or was touched last if it never did; milliseconds
 */
export function isPastRetention({ defaultYears, items }: RetentionConfig, item: string, since: number, now: number) {
  const end = new Date(since);
  end.setUTCFullYear(end.getUTCFullYear() + (items.get(item) ?? defaultYears));
  return now >= end.getTime();
}

/**
 * Everything that forbids the erasure of a case now, in words; empty when nothing does.
 *
 * @param now milliseconds
 */
export function obstaclesTo(file: CaseFile, config: RetentionConfig, now: number): string[] {
  const { item, state, document, endedAt, updatedAt, pending } = file;
  const running = document.limits.filter(
    (limit) => limit.state === 'running' && limit.dueAt !== undefined && limit.dueAt > now,
  );
  const isOpen = !ENDED.has(state) && !isPastRetention(config, item, endedAt ?? updatedAt, now);
  return [
    ...(isHeld(file) ? ['暂停删除 it is on hold'] : []),
    ...(isOpen ? [`尚未办结 it has not ended: ${state}`] : []),
    ...(running.length > 0 ? [`时限未满 limits run: ${running.map(({ name }) => name).join(', ')}`] : []),
    ...(pending ? [`等待回执 an act waits for its receipt: ${pending.event}`] : []),
  ];
}

/** @throws CodedError CONFLICT with everything that forbids it */
export function demandErasable(file: CaseFile, config: RetentionConfig, now: number): void {
  const obstacles = obstaclesTo(file, config, now);
  if (obstacles.length > 0) throw new CodedError('CONFLICT', `the case cannot be erased now: ${obstacles.join('; ')}`);
}

/** @throws CodedError CONFLICT when the case was erased: nothing more is kept of it */
export function demandUnerased({ erasedAt }: CaseFile): void {
  if (erasedAt !== undefined)
    throw new CodedError('CONFLICT', 'what is personal in the case was erased; it takes nothing more');
}

/** States in which a case that was sent can be recalled: the other region has it and has not accepted it. */
const RECALLABLE: readonly State[] = ['previewing', 'previewed', 'transferred', 'supplementing'];

/** @throws CodedError ILLEGAL_TRANSITION, VALIDATION_FAILED when the reason names the applicant */
export function demandRecallable(file: CaseFile, reason: string): void {
  if (file.mode === 'direct' || !RECALLABLE.includes(file.state))
    throw new CodedError(
      'ILLEGAL_TRANSITION',
      `a case is recalled after it was sent and before it is accepted; this one is "${file.state}"`,
    );
  demandImpersonal(file, reason);
}

/** A case, or a whole of several. */
interface Applied {
  readonly document: Pick<CaseFile['document'], 'applicant'>;
}

/**
 * For texts that are shown unmasked or outlive the erasure: they must not say whose case it is.
 *
 * @throws CodedError VALIDATION_FAILED
 */
export function demandImpersonal({ document: { applicant } }: Applied, text: string, pointer = '/reason'): void {
  const { name, documentNumber, mobile } = applicant;
  // A name of one character is a part of too many other words.
  const named = [name, documentNumber, mobile].some((own) => own.length > 1 && text.includes(own));
  if (!named) return;
  const message = 'must not name the applicant: it is shown and kept where personal data is not';
  throw new CodedError('VALIDATION_FAILED', undefined, [{ pointer, code: 'PERSONAL', message }]);
}
