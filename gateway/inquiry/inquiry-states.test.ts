import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  INQUIRY_ROLES,
  INQUIRY_ROWS,
  INQUIRY_STATES,
  type InquiryEvent,
  type InquiryRole,
  type InquiryState,
  nextInquiryState,
} from './inquiry-states.ts';

const EVENTS: readonly InquiryEvent[] = ['answer', 'withdraw', 'reject'];
const STATES = Object.keys(INQUIRY_STATES) as InquiryState[];

const CELLS = STATES.flatMap((state) =>
  EVENTS.flatMap((event) => INQUIRY_ROLES.flatMap((by) => INQUIRY_ROLES.map((view) => ({ state, event, by, view })))),
);

describe('P15: the state machine of an inquiry', () => {
  it.each(CELLS)('$state, $event by the $by region, seen by the $view one', ({ state, event, by, view }) => {
    const row = INQUIRY_ROWS.find(
      (one) => one.event === event && one.by === by && one.from.includes(state) && (one.view ?? view) === view,
    );
    if (row) expect(nextInquiryState(state, event, by, view)).toBe(row.to);
    else
      expect(() => nextInquiryState(state, event, by, view)).toThrow(
        expect.objectContaining({ code: 'ILLEGAL_TRANSITION' }),
      );
  });

  it('lets both regions end alike, however answer and withdrawal cross on their way', () => {
    const act = fc.constantFrom<'answer' | 'withdraw' | 'hear-asking' | 'hear-asked'>(
      'answer',
      'withdraw',
      'hear-asking',
      'hear-asked',
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
        const views: Record<InquiryRole, InquiryState> = { asking: 'open', asked: 'open' };
        const onTheWay: Record<InquiryRole, InquiryEvent[]> = { asking: [], asked: [] };
        const hear = (at: InquiryRole) => {
          const event = onTheWay[at].shift();
          // What was sent is always taken: nothing that a region may do is refused by the other one.
          if (event) views[at] = nextInquiryState(views[at], event, at === 'asking' ? 'asked' : 'asking', at);
        };
        const send = (event: InquiryEvent, by: InquiryRole, to: InquiryRole) => {
          try {
            views[by] = nextInquiryState(views[by], event, by, by);
            onTheWay[to].push(event);
          } catch {
            // It may not, and nothing is sent.
          }
        };
        for (const one of acts)
          if (one === 'answer') send('answer', 'asked', 'asking');
          else if (one === 'withdraw') send('withdraw', 'asking', 'asked');
          else hear(one === 'hear-asking' ? 'asking' : 'asked');
        while (onTheWay.asking.length + onTheWay.asked.length > 0) {
          hear('asking');
          hear('asked');
        }
        expect(views.asking).toBe(views.asked);
      }),
    );
  });
});
