import { CodedError } from '#proto';

/** Who asked, and who is asked. */
export const INQUIRY_ROLES = ['asking', 'asked'] as const;
export type InquiryRole = (typeof INQUIRY_ROLES)[number];

/** States of an inquiry (协查、咨询). */
export const INQUIRY_STATES = {
  open: { zh: '待答复', en: 'waits for its answer' },
  answered: { zh: '已答复', en: 'answered' },
  withdrawn: { zh: '已撤回', en: 'taken back by the region that asked' },
  rejected: { zh: '未送达', en: 'not taken by the other region' },
} as const;
export type InquiryState = keyof typeof INQUIRY_STATES;

export type InquiryEvent = 'answer' | 'withdraw' | 'reject';

/** One line of the state machine. `view`: the only part in which it holds. */
interface Row {
  readonly event: InquiryEvent;
  readonly by: InquiryRole;
  readonly from: readonly InquiryState[];
  readonly to: InquiryState;
  readonly view?: InquiryRole;
}

/**
 * The state machine. Answer and withdrawal may cross on their way: a withdrawal ends an answered inquiry too, and an answer
 * that comes after it changes nothing, so that both regions end up alike.
 */
// biome-ignore format: a table is read in lines
export const INQUIRY_ROWS: readonly Row[] = [
  { event: 'answer', by: 'asked', from: ['open'], to: 'answered' },
  { event: 'answer', by: 'asked', from: ['withdrawn'], to: 'withdrawn', view: 'asking' },
  { event: 'withdraw', by: 'asking', from: ['open', 'answered'], to: 'withdrawn' },
  { event: 'reject', by: 'asked', from: ['open'], to: 'rejected', view: 'asking' },
  { event: 'reject', by: 'asked', from: ['withdrawn'], to: 'withdrawn', view: 'asking' },
];

/**
 * Moves one region's view of an inquiry. Pure.
 *
 * @param by who acts
 * @param view whose view moves
 * @throws CodedError ILLEGAL_TRANSITION
 */
export function nextInquiryState(
  state: InquiryState,
  event: InquiryEvent,
  by: InquiryRole,
  view: InquiryRole,
): InquiryState {
  const row = INQUIRY_ROWS.find(
    (one) => one.event === event && one.by === by && one.from.includes(state) && (one.view ?? view) === view,
  );
  if (row) return row.to;
  throw new CodedError('ILLEGAL_TRANSITION', `the ${by} region cannot ${event} while the inquiry is "${state}"`);
}
