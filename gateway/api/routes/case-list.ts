import { Type } from '@fastify/type-provider-typebox';
import { CodedError, MODES, maskName, maskNumber } from '#proto';
import { accessBook } from '../../case/personal/access-book.ts';
import { CASE_ORDERS, CASE_ROLES, type CaseFilter, type SoughtApplicant } from '../../case/search/case-filter.ts';
import type { CasePage } from '../../case/search/find-cases.ts';
import { STATES, type State } from '../../case/transitions.ts';
import type { ApiContext } from '../context.ts';
import { RULED, readInput } from '../helpers/body.ts';
import { cursorOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { CaseSummaryJson } from '../views/case-schemas.ts';
import { caseSummary } from '../views/case-view.ts';
import { CLOSED, page, words } from '../views/schemas.ts';
import { type CaseSearchBody, CaseSearchJson, caseSearchBody } from './case-search-body.ts';

const tags = ['办件 / cases'];
const POSITION = ['string', 'number', 'string'] as const;
const STATE = `(${Object.keys(STATES).join('|')})`;
const SHORT_PAGES =
  '条件并用而符合的很少时,一页可能不满甚至为空,仍以 next 继续 / where filters together leave few cases, a page may be short or empty and still have a next';
const moment = (description: string) =>
  Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: `${description}; 毫秒 / ms since 1970` }));

const Query = Type.Object(
  {
    ...pageQuery,
    state: Type.Optional(
      Type.String({ pattern: `^${STATE}(,${STATE}){0,29}$`, description: '状态,逗号分隔 / states, with commas' }),
    ),
    item: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: '事项编码 / item code' })),
    peer: Type.Optional(Type.String({ pattern: '^[0-9]{6}$', description: '对方地区 / other region' })),
    role: Type.Optional(words(CASE_ROLES, '收件地或办理地 / our part')),
    mode: Type.Optional(words(MODES, '通办模式 / mode')),
    number: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,20}$', description: '办件编号的开头 / digits with which our number begins' }),
    ),
    dueBefore: moment('时限届满早于 / a limit runs out before'),
    overdue: Type.Optional(words(['true'], '时限已届满 / a limit has run out')),
    updatedSince: moment('此后有变化 / changed since'),
    order: Type.Optional(
      words(
        CASE_ORDERS,
        'newest 新开案在前, deadline 先届满在前, changed 先变化在前;默认随条件 / by default as the filters suggest',
      ),
    ),
  },
  CLOSED,
);

/** Finding cases (办件): by what they are, and by whose they are. */
export function caseListRoutes({ cases, clock, store }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/cases',
      {
        schema: {
          tags,
          summary: '办件列表（已脱敏） / list cases, personal data masked',
          description: SHORT_PAGES,
          querystring: Query,
          response: { 200: page('cases', CaseSummaryJson) },
        },
      },
      async ({ query }) => {
        const { limit, after } = pageRequest(query, POSITION);
        const { state, item, peer, role, mode, number, dueBefore, overdue, updatedSince, order } = query;
        const filter: CaseFilter = {
          ...{ item, peer, role, mode, number },
          states: state?.split(',') as State[] | undefined,
          dueBefore: dueOf(dueBefore === undefined ? undefined : Number(dueBefore), overdue === 'true'),
          updatedSince: updatedSince === undefined ? undefined : Number(updatedSince),
        };
        return pageJson(await cases.list({ ...filter, order, limit, after }).catch(pointIntoQuery));
      },
    );

    app.post(
      '/v1/cases/search',
      {
        ...RULED,
        schema: {
          tags,
          summary: '按申请人查找办件（须写用途，留痕；结果脱敏） / find the cases of an applicant; it is recorded',
          description: `证件号码和姓名只写在请求体中 / numbers and names stand in the body alone, since addresses end up in logs. ${SHORT_PAGES}`,
          body: CaseSearchJson,
          response: { 200: page('cases', CaseSummaryJson) },
        },
      },
      async (request) => {
        const body = readInput<CaseSearchBody>(caseSearchBody, request.body);
        const { sub: by, role: token, purpose: standing } = request.user;
        const purpose = body.purpose ?? standing;
        if (purpose === undefined)
          throw new CodedError('PURPOSE_REQUIRED', 'say why the applicant is looked for: purpose');
        const given = body.cursor ?? undefined;
        const { limit, after } = pageRequest(given === undefined ? {} : { cursor: given }, POSITION, '/cursor');
        const { documentType: type, number, name } = body.applicant;
        const applicant: SoughtApplicant = {
          document: type && number ? { type, number } : undefined,
          name: name ?? undefined,
        };
        const found = await cases.list({
          applicant,
          states: body.state ?? undefined,
          item: body.item ?? undefined,
          peer: body.peer ?? undefined,
          role: body.role ?? undefined,
          mode: body.mode ?? undefined,
          number: body.number ?? undefined,
          dueBefore: dueOf(body.dueBefore ?? undefined, body.overdue === true),
          updatedSince: body.updatedSince ?? undefined,
          // Of one applicant there are few: their newest come first whatever else is asked.
          order: 'newest',
          limit: body.limit ?? limit,
          after,
        });
        const subject = soughtText(applicant, found.files.length);
        const access = {
          at: clock.now(),
          by,
          role: token,
          conversation: '',
          what: 'search',
          subject,
          purpose,
        } as const;
        await accessBook.record(store, access, body.purpose === null || body.purpose === undefined);
        return pageJson(found);
      },
    );
  };

  /** Overdue is what was due before now. */
  function dueOf(before: number | undefined, isOverdue: boolean): number | undefined {
    return isOverdue ? Math.min(before ?? clock.now(), clock.now()) : before;
  }
}

/** What is wrong with the place of a page stands in the query. */
function pointIntoQuery(error: unknown): never {
  if (!(error instanceof CodedError)) throw error;
  const problems = error.problems.map((problem) => ({ ...problem, pointer: `/query${problem.pointer}` }));
  throw new CodedError(error.code, error.message, problems);
}

function pageJson({ files, next }: CasePage) {
  return { cases: files.map(caseSummary), ...(next && { next: cursorOf(next) }) };
}

/** Whom a search was for, as it is written down: masked, with the number of cases that were told. */
function soughtText({ document, name }: SoughtApplicant, found: number): string {
  const asked = [document && `${document.type} ${maskNumber(document.number)}`, name && maskName(name)];
  return `${asked.filter(Boolean).join(' ')} (${found})`;
}
