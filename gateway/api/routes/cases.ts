import { Type } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { fields, oneOf, type Problem } from '#proto';
import type { CaseFile } from '../../case/case-file.ts';
import { readActInput } from '../../case/case-input.ts';
import type { AlsoDone } from '../../case/case-service.ts';
import { readNoteInput } from '../../case/notes/case-notes.ts';
import { FREE_NOTES, type NoteName } from '../../case/notes/notes.ts';
import { EVENTS, type Event } from '../../case/transitions.ts';
import type { ApiContext } from '../context.ts';
import { demandNone, RULED, within } from '../helpers/body.ts';
import { demandMatch, etag } from '../helpers/etag.ts';
import type { AnswerOnce } from '../helpers/idempotency.ts';
import type { SqlIdempotencyStore } from '../helpers/idempotency-store.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import { isShownInFull, MASKED, purposeQuery } from '../helpers/purpose.ts';
import type { RouteModule } from '../typed.ts';
import {
  CaseEventJson,
  CaseInputJson,
  CaseJson,
  DeedJson,
  DirectOutcomeJson,
  EventWord,
  FreeNoteWord,
  HoldingJson,
  ProgressJson,
} from '../views/case-schemas.ts';
import { caseJson, directOutcomeJson, progressJson } from '../views/case-view.ts';
import { hideTexts, seesPersonalData } from '../views/privacy.ts';
import { CLOSED, described, Handler, page } from '../views/schemas.ts';

const tags = ['办件 / cases'];
const FREE_TEXTS =
  '事由、说明、意见、问答等文字会传给对方,不写个人信息;未写明用途的查阅中不显示,删除时清空 / free texts (reasons, explanations, opinions, questions, answers) travel to the other region: nothing personal in them; they are hidden without a purpose, and erased with the case';
const Key = Type.Object(
  { key: Type.String({ description: '会话号或办件编号 / conversation or case number' }) },
  CLOSED,
);

/** Cases (办件): opening, reading, acting. */
export function caseRoutes(context: ApiContext, once: AnswerOnce, answers: SqlIdempotencyStore): RouteModule {
  const { cases, clock, examinations, scans } = context;
  /** What was done is told masked: whoever sent it knows it, and answers are kept for repeated requests. */
  const shown = (file: CaseFile, { user }: FastifyRequest) =>
    caseJson(file, clock.now(), { isOpen: false, hasCode: seesPersonalData(user.role) });

  /** Opens a case; the answer to its Idempotency-Key becomes durable with the case. */
  const open = async (request: FastifyRequest, work: (also: AlsoDone) => Promise<CaseFile>): Promise<CaseJson> => {
    const answer = await once(request, async (remember) => {
      const file = await work(async (tx, made) => remember(created(made), answers.within(tx)));
      return created(file);
    });
    return answer.body as CaseJson;

    function created(file: CaseFile) {
      return { status: 201, body: shown(file, request) };
    }
  };

  return (app) => {
    app.post(
      '/v1/cases',
      {
        ...RULED,
        schema: {
          tags,
          summary: '收件开案 / open a case, as a draft',
          body: CaseInputJson,
          response: { 201: CaseJson },
        },
      },
      async (request, reply) => {
        const made = await open(request, (also) => cases.create(request.body, { also }));
        return reply.code(201).header('etag', etag(made.version)).send(made);
      },
    );

    app.post(
      '/v1/cases/submit',
      {
        ...RULED,
        schema: {
          tags,
          summary: '无材料办件一次提交 / open, take in and hand over a case without materials',
          body: CaseInputJson,
          response: { 201: CaseJson },
        },
      },
      async (request, reply) => {
        const made = await open(request, (also) => cases.submit(request.body, { also }));
        return reply.code(201).header('etag', etag(made.version)).send(made);
      },
    );

    app.get(
      '/v1/progress/:code',
      {
        schema: {
          tags,
          summary: '凭查询码查询进度，不含个人信息 / how far a case is, by the code of the applicant; nothing personal',
          params: Type.Object({ code: Type.String({ maxLength: 20 }) }, CLOSED),
          response: { 200: ProgressJson },
        },
      },
      async (request) => progressJson(await cases.progress(request.params.code), clock.now()),
    );

    app.get(
      '/v1/direct-outcomes',
      {
        schema: {
          tags,
          summary: '直接通办办结告知 / how other regions decided cases of our people, newest first',
          querystring: Type.Object(pageQuery, CLOSED),
          response: { 200: page('outcomes', DirectOutcomeJson) },
        },
      },
      async (request) => {
        const { limit, after } = pageRequest(request.query, ['number', 'string']);
        const found = await cases.directOutcomes(limit + 1, after);
        const { items, next } = pageOf(found, limit, ({ receivedAt, conversation }) => [receivedAt, conversation]);
        return { outcomes: items.map(directOutcomeJson), ...(next && { next }) };
      },
    );

    app.get(
      '/v1/cases/:key',
      {
        schema: {
          tags,
          summary: '办件详情 / a case',
          description: MASKED,
          params: Key,
          querystring: Type.Object(purposeQuery, CLOSED),
          response: { 200: CaseJson },
        },
      },
      async (request, reply) => {
        const file = await cases.demand(request.params.key);
        const { conversation } = file;
        const found = { seals: await examinations.of(conversation), scans: await scans.of(conversation) };
        const isOpen = await isShownInFull(context, request, { conversation, what: 'case', subject: '' });
        const hasCode = seesPersonalData(request.user.role);
        const view = caseJson(file, clock.now(), { isOpen, hasCode }, found);
        return reply.header('etag', etag(file.version)).send(view);
      },
    );

    app.get(
      '/v1/cases/:key/events',
      {
        schema: {
          tags,
          summary: '办件过程 / history of a case',
          description: MASKED,
          params: Key,
          querystring: Type.Object(purposeQuery, CLOSED),
          response: { 200: Type.Object({ events: Type.Array(CaseEventJson) }) },
        },
      },
      async (request) => {
        const { conversation } = await cases.demand(request.params.key);
        const events = await cases.events(conversation);
        const isOpen = await isShownInFull(context, request, { conversation, what: 'history', subject: '' });
        return { events: isOpen ? events : events.map((event) => ({ ...event, data: hideTexts(event.data) })) };
      },
    );

    app.get(
      '/v1/cases/:key/trace',
      {
        schema: {
          tags,
          summary: '责任追溯（谁在何时经办，谁逾期） / who held a case when, who was late, and who did what',
          params: Key,
          response: { 200: Type.Object({ holdings: Type.Array(HoldingJson), deeds: Type.Array(DeedJson) }) },
        },
      },
      async ({ params: { key } }) => ({ holdings: await cases.holdings(key), deeds: await cases.deeds(key) }),
    );

    app.post(
      '/v1/cases/:key/acts',
      {
        ...RULED,
        schema: {
          tags,
          summary: '办理动作 / act on a case; If-Match takes the ETag of the version that was read',
          description: FREE_TEXTS,
          params: Key,
          body: Type.Object({ act: EventWord, data: described<object>('随动作而定 / depends on the act') }, CLOSED),
          response: { 200: CaseJson },
        },
      },
      async (request, reply) => {
        const { key } = request.params as { key: string };
        const answer = await once(request, async () => {
          const { act, data } = readAct(request.body);
          const file = await cases.demand(key);
          const hasSeen = request.headers['if-match'] !== undefined;
          if (hasSeen) demandMatch(request, file.version);
          const changed = await cases.act(file.conversation, act, data, hasSeen ? file.version : undefined);
          return { status: 200, body: shown(changed, request) };
        });
        const changed = answer.body as CaseJson;
        return reply.header('etag', etag(changed.version)).send(changed);
      },
    );

    app.post(
      '/v1/cases/:key/notes',
      {
        ...RULED,
        schema: {
          tags,
          summary: '随件登记（寄送、签收等，不改变办件状态） / note something with a case; its state stays',
          description: FREE_TEXTS,
          params: Key,
          body: Type.Object(
            { note: FreeNoteWord, data: described<object>('随登记种类而定 / depends on the note') },
            CLOSED,
          ),
          response: { 200: CaseJson },
        },
      },
      async (request, reply) => {
        const { key } = request.params as { key: string };
        const answer = await once(request, async () => {
          const { note, data } = readNote(request.body);
          return { status: 200, body: shown(await cases.note(key, note, data), request) };
        });
        const changed = answer.body as CaseJson;
        return reply.header('etag', etag(changed.version)).send(changed);
      },
    );

    app.post(
      '/v1/cases/:key/credit-check',
      {
        ...RULED,
        schema: {
          tags,
          summary: '信用核查 / ask the credit platform about the applicant; the answer is kept with the case',
          params: Key,
          body: Type.Object({ handler: Handler }, CLOSED),
          response: { 200: CaseJson },
        },
      },
      async (request, reply) => {
        const { key } = request.params as { key: string };
        const answer = await once(request, async () => {
          return { status: 200, body: shown(await cases.checkCredit(key, request.body), request) };
        });
        const changed = answer.body as CaseJson;
        return reply.header('etag', etag(changed.version)).send(changed);
      },
    );
  };
}

const noteBody = fields({ note: oneOf(...FREE_NOTES), data: () => {} });

/** A note and its data, which are held against the rule of its kind. */
function readNote(body: unknown): { note: NoteName; data: object } {
  const problems: Problem[] = [];
  noteBody(body, '', problems);
  const { note, data } = (body ?? {}) as { note: NoteName; data: unknown };
  const read = FREE_NOTES.includes(note) ? within('/data', problems, () => readNoteInput(note, data)) : undefined;
  demandNone(problems);
  return { note, data: read! };
}

const actBody = fields({ act: oneOf(...Object.keys(EVENTS)), data: () => {} });

/** An act and its data, which are held against the rule of that act. */
function readAct(body: unknown): { act: Event; data: object } {
  const problems: Problem[] = [];
  actBody(body, '', problems);
  const { act, data } = (body ?? {}) as { act: Event; data: unknown };
  const read = Object.hasOwn(EVENTS, act)
    ? within('/data', problems, () => readActInput<object>(act, data))
    : undefined;
  demandNone(problems);
  return { act, data: read! };
}
