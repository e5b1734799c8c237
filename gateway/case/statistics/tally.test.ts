import { describe, expect, it } from 'vitest';
import { officeOf } from '../../config/calendar-config.ts';
import type { CaseEvent, CaseFile } from '../case-file.ts';
import { type CaseFacts, factsOf } from './case-facts.ts';
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
  special: [],
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

describe('P7a 特别程序 in statistics', () => {
  const office = officeOf({});
  const at = (text: string) => Date.parse(`${text}:00+08:00`);
  const line = { n: 1, actor: '150626', envelope: '' };
  const start = (kind: string, when: string, state = 'special') => ({
    ...line,
    ...{ event: 'start-special', state, at: at(when), data: { kind } },
  });
  const later = (event: string, when: string) => ({ ...line, event, state: 'accepted', at: at(when), data: {} });
  const file = { document: { limits: [], steps: {} } } as unknown as CaseFile;
  const procedures = (...events: CaseEvent[]) => factsOf(file, events, { now: at('2026-12-04T10:00'), office }).special;

  it('P7a: counts the working days for which each stopped the clock, by the rule of its kind', () => {
    expect(
      procedures(
        start('hearing', '2026-11-26T10:00'),
        later('end-special', '2026-12-01T10:00'),
        start('joint-review', '2026-12-01T11:00'),
        later('end-special', '2026-12-03T10:00'),
        start('site-inspection', '2026-12-03T11:00'),
      ),
    ).toEqual([
      { kind: 'hearing', daysStopped: 3 },
      { kind: 'joint-review', daysStopped: 0 },
      { kind: 'site-inspection', daysStopped: 1 },
    ]);
  });

  it('P7a: one that was withdrawn ends with the case, and one that came after it does not count', () => {
    const withdrawn = later('withdraw', '2026-11-27T10:00');
    expect(procedures(start('hearing', '2026-11-26T10:00'), withdrawn)).toEqual([{ kind: 'hearing', daysStopped: 1 }]);
    expect(procedures(withdrawn, start('hearing', '2026-11-27T11:00', 'withdrawn'))).toEqual([]);
  });

  it('P7a: adds them up by kind, in JSON and in CSV', () => {
    const hearing = { kind: 'hearing', daysStopped: 3 };
    const special = [hearing, { kind: 'joint-review', daysStopped: 0 }];
    const [tally] = talliesOf({ special }, { special: [hearing] }, {});
    expect(tally!.special).toEqual({
      'joint-review': { count: 1, daysStopped: 0 },
      'site-inspection': { count: 0, daysStopped: 0 },
      'acceptance-test': { count: 0, daysStopped: 0 },
      hearing: { count: 2, daysStopped: 6 },
      'expert-review': { count: 0, daysStopped: 0 },
    });
    const cells = csvLine(STATISTICS_COLUMNS, tally!).trim().split(',');
    const head = csvHead(STATISTICS_COLUMNS).trim().split(',');
    expect([cells[head.indexOf('听证次数')], cells[head.indexOf('听证停止计时工作日')]]).toEqual(['2', '6']);
    expect(csvLine(LEDGER_COLUMNS, facts({ special }))).toContain(',hearing joint-review,3,');
  });
});

describe('as CSV', () => {
  it('has a head in Chinese that spreadsheets read, and times of China', () => {
    expect(csvHead(LEDGER_COLUMNS).startsWith('\uFEFF办件编号,对方办件编号,角色,')).toBe(true);
    const line = csvLine(LEDGER_COLUMNS, facts({ decidedAt: AT, handlingDays: 0, late: ['promised', 'delivery'] }));
    expect(line).toBe(
      '32060020261123000001,,收件地,150626,EX018,agency,已送达,2026-11-23 09:05,,,2026-11-23 09:05,,0,promised delivery,0,,0,0,,0\r\n',
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
