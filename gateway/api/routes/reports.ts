import { Readable } from 'node:stream';
import { Type } from '@fastify/type-provider-typebox';
import { CodedError } from '#proto';
import { momentOf, parseDay } from '../../calendar/china-day.ts';
import { csvHead, csvLine, LEDGER_COLUMNS, STATISTICS_COLUMNS } from '../../case/statistics/report-csv.ts';
import { ledger, type Period, statistics } from '../../case/statistics/reports.ts';
import type { ApiContext } from '../context.ts';
import { attachment } from '../helpers/attachment.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, words } from '../views/schemas.ts';

const tags = ['统计与台账 / statistics and ledgers'];
const CSV = 'text/csv; charset=utf-8';
const LINES = 'application/x-ndjson; charset=utf-8';

const Query = Type.Object(
  {
    from: Type.String({ description: '起始日（含） / first day, as in 2026-11-01' }),
    to: Type.String({ description: '截止日（含） / last day' }),
    format: Type.Optional(words(['json', 'csv'])),
  },
  CLOSED,
);

/** Longest period, in days: a ledger of more is several. */
const MAX_DAYS = 366;

/** Statistics and ledgers of cases. They hold nothing about anybody. */
export function reportRoutes({ store, clock, office }: ApiContext): RouteModule {
  const counting = () => ({ now: clock.now(), office });

  return (app) => {
    app.get(
      '/v1/statistics',
      {
        schema: {
          tags,
          summary:
            '办件统计（按地区、事项、模式），无个人信息 / how cases went, by region, item and mode; nothing personal',
          querystring: Query,
        },
      },
      async (request, reply) => {
        const tallies = await statistics(store.read, periodOf(request.query), counting());
        if (request.query.format !== 'csv') return reply.send({ tallies });
        const csv = csvHead(STATISTICS_COLUMNS) + tallies.map((row) => csvLine(STATISTICS_COLUMNS, row)).join('');
        return reply.type(CSV).header('content-disposition', attachment('统计.csv')).send(csv);
      },
    );

    app.get(
      '/v1/ledger',
      {
        schema: {
          tags,
          summary: '办件台账，无个人信息；JSON 为逐行 / the ledger of cases; nothing personal; JSON comes in lines',
          querystring: Query,
        },
      },
      async (request, reply) => {
        const isCsv = request.query.format === 'csv';
        const rows = ledger(store.read, periodOf(request.query), counting());
        const name = isCsv ? '台账.csv' : '台账.ndjson';
        reply.type(isCsv ? CSV : LINES).header('content-disposition', attachment(name));
        return reply.send(Readable.from(isCsv ? csvOf(rows) : linesOf(rows)));
      },
    );
  };
}

async function* csvOf(rows: ReturnType<typeof ledger>): AsyncIterable<string> {
  yield csvHead(LEDGER_COLUMNS);
  for await (const row of rows) yield csvLine(LEDGER_COLUMNS, row);
}

async function* linesOf(rows: ReturnType<typeof ledger>): AsyncIterable<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

/** @throws CodedError VALIDATION_FAILED */
function periodOf({ from, to }: { readonly from: string; readonly to: string }): Period {
  const [first, last] = [parseDay(from), parseDay(to)];
  const wrong = (name: string, message: string) =>
    new CodedError('VALIDATION_FAILED', undefined, [{ pointer: `/${name}`, code: 'FORMAT', message }]);
  if (first === undefined) throw wrong('from', 'must be a day, as in 2026-11-01');
  if (last === undefined || last < first) throw wrong('to', 'must be a day, not before the first');
  if (last - first > MAX_DAYS) throw wrong('to', `must be within ${MAX_DAYS} days of the first`);
  return { from: momentOf(first), until: momentOf(last + 1) };
}
