import type { Readable } from 'node:stream';
import { Type } from '@fastify/type-provider-typebox';
import { ERASURE_GROUNDS, fields, LIMITS, type messages, oneOf, optional, type Problem, text } from '#proto';
import { handlerRule, readActInput, withWindow } from '../../case/case-input.ts';
import type { WholeKind } from '../../case/joint/joint-case.ts';
import { JOINT_ACTS, type JointAct, readJointAct } from '../../case/joint/joint-cases.ts';
import type { ErasureWish } from '../../case/personal/erasures.ts';
import type { ApiContext } from '../context.ts';
import { demandNone, RULED, readInput, within } from '../helpers/body.ts';
import type { AnswerOnce } from '../helpers/idempotency.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import { isShownInFull, MASKED, purposeQuery } from '../helpers/purpose.ts';
import type { RouteModule } from '../typed.ts';
import { MaterialJson } from '../views/case-schemas.ts';
import { materialJson } from '../views/case-view.ts';
import { JointCaseJson, JointCaseSummaryJson } from '../views/joint-case-schemas.ts';
import { jointCaseJson, jointCaseSummary } from '../views/joint-case-view.ts';
import { CLOSED, described, Handler, page, words } from '../views/schemas.ts';

/** What the routes of one kind of whole say of themselves. */
interface Wording {
  readonly path: '/v1/joint-cases' | '/v1/bundle-cases';
  readonly zh: string;
  readonly en: string;
  readonly plural: string;
  readonly input: string;
  /** Name of the list in the answer. */
  readonly list: 'jointCases' | 'bundleCases';
}

const WORDING: Readonly<Record<WholeKind, Wording>> = {
  agreement: {
    path: '/v1/joint-cases',
    zh: '联办件',
    en: 'joint case',
    plural: 'joint cases',
    input:
      '{agreement, applicant, form, forms: {PART: {…}}, handler, identityCheck, legalBasis}: ' +
      '联办协议编号、申请人、共同表单、分项表单、经办人 / the agreement, the applicant, the common form, and what single parts ask beyond it',
    list: 'jointCases',
  },
  bundle: {
    path: '/v1/bundle-cases',
    zh: '一件事办件',
    en: 'case of a bundle',
    plural: 'cases of bundles',
    input:
      '{bundle, applicant, form, forms: {PART: {…}}, handler, identityCheck, legalBasis}: ' +
      '一件事代码、申请人、合并后的申请表、无固定表单的分项、经办人 / code of the bundle, the applicant, the merged form, and what parts of any form ask',
    list: 'bundleCases',
  },
};

const Key = Type.Object({ key: Type.String({ description: '会话号或编号 / conversation or number' }) }, CLOSED);
const OCTETS = 'application/octet-stream';

const upload = fields({
  query: fields({ name: text(200), grade: optional(oneOf('C', 'D')) }),
  headers: fields({
    'x-media-type': text(100, {
      pattern: /^[\w.+-]+\/[\w.+-]+$/,
      hint: 'must be a media type such as application/pdf',
    }),
  }),
});

const erasure = fields({ handler: handlerRule, reason: text(500), ground: oneOf(...ERASURE_GROUNDS.slice(0, -1)) });

/** Joint cases (联办件) and cases of bundles (一件事): at the lead region, where they are opened, followed and handed over. */
export function jointCaseRoutes(context: ApiContext, once: AnswerOnce): RouteModule {
  return (app) => {
    for (const addRoutes of [wholeRoutes('agreement', context, once), wholeRoutes('bundle', context, once)])
      addRoutes(app);
  };
}

function wholeRoutes(kind: WholeKind, context: ApiContext, once: AnswerOnce): RouteModule {
  const { jointCases, erasures } = context;
  const { path, zh, en, plural, input, list } = WORDING[kind];
  const tags = [`${zh} / ${plural}`];
  /** By its conversation or number, if it is of this kind. @throws CodedError NOT_FOUND */
  const demand = async (key: string) => (await jointCases.get(key, kind)).conversation;
  return (app) => {
    app.post(
      path,
      {
        ...RULED,
        schema: {
          tags,
          summary: `登记${zh} / open a ${en}, as a draft`,
          body: described<object>(input),
          response: { 201: JointCaseJson },
        },
      },
      async (request, reply) => {
        const answer = await once(request, async () => {
          const opened = await jointCases.open(request.body, kind);
          return { status: 201, body: jointCaseJson(opened, false) };
        });
        return reply.code(201).send(answer.body as JointCaseJson);
      },
    );

    app.get(
      path,
      {
        schema: {
          tags,
          summary: `${zh}列表（已脱敏） / list ${plural}, newest first, personal data masked`,
          querystring: Type.Object(pageQuery, CLOSED),
          response: { 200: page(list, JointCaseSummaryJson) },
        },
      },
      async (request) => {
        const { limit, after } = pageRequest(request.query, ['number', 'string']);
        const found = await jointCases.list(limit + 1, after, kind);
        const { items, next } = pageOf(found, limit, ({ createdAt, conversation }) => [createdAt, conversation]);
        return { [list]: items.map(jointCaseSummary), ...(next && { next }) } as ListJson;
      },
    );

    app.get(
      `${path}/:key`,
      {
        schema: {
          tags,
          summary: `${zh}详情 / a ${en} with its parts`,
          description: MASKED,
          params: Key,
          querystring: Type.Object(purposeQuery, CLOSED),
          response: { 200: JointCaseJson },
        },
      },
      async (request) => {
        const joint = await jointCases.get((request.params as { key: string }).key, kind);
        const wanted = { conversation: joint.conversation, what: 'case', subject: '' } as const;
        return jointCaseJson(joint, await isShownInFull(context, request, wanted));
      },
    );

    app.post(
      `${path}/:key/acts`,
      {
        ...RULED,
        schema: {
          tags,
          summary: '提交、统一出件、撤回 / submit, hand everything over at once, withdraw',
          params: Key,
          body: Type.Object(
            {
              act: words(JOINT_ACTS),
              data: described<object>('handler; hand-over: way; withdraw: reason / 经办人;出件方式;撤回理由'),
            },
            CLOSED,
          ),
          response: { 200: JointCaseJson },
        },
      },
      async (request) => {
        const { key } = request.params as { key: string };
        const answer = await once(request, async () => {
          const { act, data } = readAct(request.body);
          const changed = await jointCases.act(await demand(key), act, data);
          return { status: 200, body: jointCaseJson(changed, false) };
        });
        return answer.body as JointCaseJson;
      },
    );

    app.post(
      `${path}/:key/materials`,
      {
        ...RULED,
        bodyLimit: LIMITS.materialBytes + LIMITS.frameBytes,
        config: { streams: OCTETS },
        schema: {
          tags,
          summary: '上传材料,各分项按需取用 / add a file; each part gets those that its item asks for',
          description: `请求体为文件本身 / the body is the file itself, at most ${LIMITS.materialBytes} bytes; its media type in x-media-type`,
          consumes: [OCTETS],
          params: Key,
          querystring: Type.Object(
            {
              name: Type.String({ description: '材料名称，与事项要求一致 / as the items name it' }),
              grade: Type.Optional(words(['C', 'D'], '默认 / default C')),
            },
            CLOSED,
          ),
          headers: Type.Object({
            'x-media-type': Type.Optional(Type.String({ description: `默认 / default ${OCTETS}` })),
          }),
          response: { 201: MaterialJson },
        },
      },
      async (request, reply) => {
        const { key } = request.params as { key: string };
        const { query, headers } = readInput<Upload>(upload, {
          query: request.query,
          headers: { 'x-media-type': request.headers['x-media-type'] ?? OCTETS },
        });
        const named = { name: query.name, grade: query.grade ?? 'C', mediaType: headers['x-media-type'] };
        const material = await jointCases.addMaterial(await demand(key), named, request.body as unknown as Readable);
        return reply.code(201).send(materialJson(material));
      },
    );

    app.post(
      `${path}/:key/materials/:digest/check`,
      {
        ...RULED,
        schema: {
          tags,
          summary: '原件核验 / a window compared the original; the material becomes grade B for every part',
          params: Type.Object({ key: Type.String(), digest: Type.String() }, CLOSED),
          body: Type.Object({ handler: Handler }, CLOSED),
          response: { 200: MaterialJson },
        },
      },
      async (request) => {
        const { key, digest } = request.params as { key: string; digest: string };
        const { handler } = readActInput<{ handler: messages.Handler }>('receive', request.body);
        return materialJson(await jointCases.checkOriginal(await demand(key), digest.toLowerCase(), handler));
      },
    );

    app.post(
      `${path}/:key/erasure`,
      {
        ...RULED,
        schema: {
          tags,
          summary:
            '删除个人信息 / erase what is personal in the whole and in every part, here and in the other regions',
          params: Key,
          body: Type.Object(
            {
              handler: Handler,
              reason: Type.String({ description: '理由,不得含个人信息 / why; names nobody' }),
              ground: Type.Optional(words(ERASURE_GROUNDS.slice(0, -1), '默认 applicant-request')),
            },
            CLOSED,
          ),
          response: { 200: JointCaseJson },
        },
      },
      async (request) => {
        const { key } = request.params as { key: string };
        const body = request.body as unknown as Record<string, unknown> | null;
        const given = { ground: 'applicant-request', ...body, handler: withWindow(body?.handler) };
        const wish = readInput<ErasureWish>(erasure, given);
        const conversation = await demand(key);
        await erasures.askWhole(conversation, wish);
        return jointCaseJson(await jointCases.get(conversation), false);
      },
    );
  };
}

type ListJson = Record<'jointCases' | 'bundleCases', JointCaseSummaryJson[]> & { next?: string };

interface Upload {
  readonly query: { readonly name: string; readonly grade?: 'C' | 'D' };
  readonly headers: { readonly 'x-media-type': string };
}

const actBody = fields({ act: oneOf(...JOINT_ACTS), data: () => {} });

/** An act and its data, which are held against the rule of that act. */
function readAct(body: unknown): { act: JointAct; data: object } {
  const problems: Problem[] = [];
  actBody(body, '', problems);
  const { act, data } = (body ?? {}) as { act: JointAct; data: unknown };
  const read = JOINT_ACTS.includes(act) ? within('/data', problems, () => readJointAct(act, data)) : undefined;
  demandNone(problems);
  return { act, data: read! };
}
