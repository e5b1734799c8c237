import { describe, expect, it } from 'vitest';
import type { CaseFacts } from './case-facts.ts';
import { csvHead, csvLine, LEDGER_COLUMNS, STATISTICS_COLUMNS } from './report-csv.ts';
import { TallySheet } from './tally.ts';

const AT = Date.parse('2026-11-23T09:05:00+08:00');

const facts = (changes: Partial<CaseFacts> = {}): CaseFacts => ({
  number: '32060020261123000001',
  peerNumber: '',
  role: 'receiving',
  peer: '150626',
  item: 'EX018',
  mode: 'agency',
  state: 'delivered',
  createdAt: AT,
  late: [],
  supplements: 0,
  repeatedNotices: 0,
  ratingUnanswered: false,
  complaints: 0,
  ...changes,
});

function talliesOf(...cases: Partial<CaseFacts>[]) {
  const sheet = new TallySheet();
  for (const changes of cases) sheet.add(facts(changes));
  return sheet.tallies();
}

describe('statistics', () => {
  it('count by part, region, item and mode', () => {
    const tallies = talliesOf({}, {}, { peer: '350500' }, { role: 'handling' }, { item: 'EX019' }, { mode: 'online' });
    expect(tallies.map(({ role, peer, item, mode, cases }) => [role, peer, item, mode, cases])).toEqual([
      ['handling', '150626', 'EX018', 'agency', 1],
      ['receiving', '150626', 'EX018', 'agency', 2],
      ['receiving', '150626', 'EX018', 'online', 1],
      ['receiving', '150626', 'EX019', 'agency', 1],
      ['receiving', '350500', 'EX018', 'agency', 1],
    ]);
  });

  it('say how many were on time, and the median and the worst of the days, of decided ones alone', () => {
    const [tally] = talliesOf(
      { handlingDays: 3 },
      { handlingDays: 9, late: ['promised', 'statutory'] },
      { handlingDays: 4, late: ['delivery'] },
      { handlingDays: 5 },
      { state: 'accepted', late: ['promised'] },
      { state: 'withdrawn' },
    );
    expect(tally).toMatchObject({
      cases: 6,
      decided: 4,
      onTimeRate: 0.75,
      medianDays: 4,
      worstDays: 9,
      late: 3,
      endedEarly: 1,
    });
  });

  it('say nothing of what did not happen', () => {
    const [tally] = talliesOf({ state: 'transferred' });
    for (const name of ['onTimeRate', 'medianDays', 'worstDays', 'averageRating'])
      expect(tally).not.toHaveProperty(name);
  });

  it('count notices, supplements, ratings and complaints', () => {
    const [tally] = talliesOf(
      { supplements: 2, repeatedNotices: 1, rating: 5, complaints: 1 },
      { rating: 1, ratingUnanswered: true },
      { rating: 2 },
    );
    expect(tally).toMatchObject({ supplements: 2, repeatedNotices: 1, rated: 3, averageRating: 2.667, complaints: 1 });
    expect(tally).toMatchObject({ badRatings: 2, badUnanswered: 1 });
  });
});

describe('as CSV', () => {
  it('has a head in Chinese that spreadsheets read, and times of China', () => {
    expect(csvHead(LEDGER_COLUMNS).startsWith('\uFEFF办件编号,对方办件编号,角色,')).toBe(true);
    const line = csvLine(LEDGER_COLUMNS, facts({ decidedAt: AT, handlingDays: 0, late: ['promised', 'delivery'] }));
    expect(line).toBe(
      '32060020261123000001,,收件地,150626,EX018,agency,已送达,2026-11-23 09:05,,,2026-11-23 09:05,,0,promised delivery,0,0,,0\r\n',
    );
    const [tally] = talliesOf({});
    expect(csvLine(STATISTICS_COLUMNS, tally!).split(',')).toHaveLength(STATISTICS_COLUMNS.length);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'])('lets no spreadsheet compute %j', (item) => {
    expect(csvLine(LEDGER_COLUMNS, facts({ item }))).toContain(`'${item}`);
  });

  it('quotes what would break a line', () => {
    expect(csvLine(LEDGER_COLUMNS, facts({ item: '甲"乙,丙' }))).toContain('"甲""乙,丙"');
  });
});
