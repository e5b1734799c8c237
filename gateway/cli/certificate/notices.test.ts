import { expect, it } from 'vitest';
import { type Notices, noticesAnswer, type SentNotice, untoldNotes } from './notices.ts';

const EARLY = Date.parse('2026-12-10T09:00:00+08:00');
const LATE = EARLY + 60_000;

const sent = (changes: Partial<SentNotice>): SentNotice => ({
  peer: '320600',
  status: 'revoked',
  ground: 'false-materials',
  decidedAt: LATE,
  state: 'accepted',
  settledAt: LATE + 1000,
  ...changes,
});
const notices = (changes: Partial<Notices>): Notices => ({ identifier: 'ID', sent: [], received: [], ...changes });

it('shows who was told of what, who took it and when', () => {
  const { text, notes, exit } = noticesAnswer(
    notices({
      sent: [sent({}), sent({ peer: '350500' }), sent({ peer: '350500', state: 'waiting', decidedAt: EARLY })],
    }),
  );
  expect(text).toMatch(
    /320600 +已撤销 revoked +false-materials +2026-12-10 09:01:00 +已签收 accepted +2026-12-10 09:01:01/,
  );
  expect(text).toMatch(/350500 .*待回执 waiting/);
  expect([notes, exit]).toEqual([[], 0]);
});

it('fails while a receipt for the newest change is awaited: a script must not believe that all know', () => {
  const waiting = sent({ peer: '350500', state: 'waiting', settledAt: undefined });
  const { notes, exit } = noticesAnswer(notices({ sent: [sent({}), waiting] }));
  expect(exit).toBe(1);
  expect(notes).toEqual(['尚未签收 350500 / this region has not confirmed yet that it knows of it']);
  // The change itself waits for nobody: the command that makes it says nothing of this.
  expect(untoldNotes([waiting])).toEqual([]);
});

it('fails while a region does not know the newest change, and names it', () => {
  const untold = sent({ peer: '350500', state: 'untold', code: 'PEER_NOT_PINNED' });
  const { notes, exit } = noticesAnswer(notices({ sent: [sent({}), untold] }));
  expect(exit).toBe(1);
  expect(notes).toEqual(['未能告知 350500(PEER_NOT_PINNED) / this region does not know of it']);
  const before = { ...untold, decidedAt: EARLY };
  expect(noticesAnswer(notices({ sent: [sent({}), before] })).exit).toBe(0);
});

it('shows what an issuer told us', () => {
  const received = [{ issuer: '150626', status: 'suspended', ground: 'other', decidedAt: EARLY, receivedAt: LATE }];
  const { text, exit } = noticesAnswer(notices({ received }));
  expect(text).toMatch(/150626 +已暂停 suspended +other +2026-12-10 09:00:00 +2026-12-10 09:01:00/);
  expect(text).not.toContain('告知地区');
  expect(exit).toBe(0);
});

it('says that nobody had to be told', () => {
  expect(noticesAnswer(notices({})).text).toBe('没有地区需要告知 / no region had to be told\n');
});

it('lets no text of another region write to the terminal', () => {
  const [note] = untoldNotes([sent({ state: 'rejected', code: 'X\u001b[2J' })]);
  expect(note).not.toContain('\u001b');
});
