import { Type } from '@fastify/type-provider-typebox';
import { CodedError } from '#proto';
import { AUDIT_FACTORS, type AuditRecord } from '../../audit/audit-record.ts';
import type { AuditFilter } from '../../audit/audit-table.ts';
import { EXPORTED_AT_ONCE } from '../../audit/verify-export.ts';
import { ADMINISTRATORS, localSubject } from '../../duty/administrator.ts';
import type { ApiContext } from '../context.ts';
import { cursorOf, pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, instant, page, words } from '../views/schemas.ts';

const tags = ['审计 / audit'];
const INSTANT = '^[0-9]{1,15}$';

const RecordJson = Type.Object({
  at: instant('时间 / when'),
  request: Type.String({ description: '请求编号,同日志 / id of the request, as in the log' }),
  route: Type.String({ description: '接口 / method and pattern of the path' }),
  target: Type.String({ description: '路径中的编号 / codes of the path' }),
  role: Type.String(),
  actor: Type.String({ description: '操作者代号 / pseudonym of the subject' }),
  subject: Type.Optional(Type.String({ description: '操作者,仅限管理员和本机 / of administrators and the machine' })),
  factor: words(AUDIT_FACTORS, '认证方式 / how he proved who he is'),
  reason: Type.String({ description: '应急事由 / why the key of the machine stood in' }),
  body: Type.String({ description: '请求内容的代号 / pseudonym of the body' }),
  outcome: Type.String({ description: 'done, 错误码 / a code, unknown: 中断 / cut off' }),
  status: Type.Integer(),
  count: Type.Integer({ description: '次数,合并的拒绝 / how many were refused alike' }),
});

const filterQuery = {
  since: Type.Optional(Type.String({ pattern: INSTANT, description: '自,毫秒 / from, ms since 1970' })),
  until: Type.Optional(Type.String({ pattern: INSTANT, description: '至,毫秒,不含 / to, ms, not included' })),
  subject: Type.Optional(Type.String({ maxLength: 100, description: '操作者 / subject of the token' })),
  route: Type.Optional(Type.String({ maxLength: 200, description: 'POST /v1/peers' })),
};

/** What was done through the API (操作审计), for the administrator of the audit. */
export function auditRoutes({ audit, administrators, log }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/audit',
      {
        schema: {
          tags,
          summary: '操作审计 / what was done and refused, newest first; no personal data',
          querystring: Type.Object({ ...pageQuery, ...filterQuery }, CLOSED),
          response: { 200: page('records', RecordJson) },
        },
      },
      async ({ query }) => {
        const { limit, after } = pageRequest(query, ['number']);
        const found = await audit.list(filterOf(query), limit + 1, after?.[0]);
        const { items, next } = pageOf(found, limit, ({ position }) => [position]);
        const subjects = await knownSubjects(query.subject);
        const records = items.map(({ record }) => {
          const { version: _, ...told } = JSON.parse(record) as AuditRecord;
          const subject = subjects.get(told.actor);
          return { ...told, ...(subject !== undefined && { subject }) };
        });
        return { records, ...(next && { next }) };
      },
    );

    app.get(
      '/v1/audit/export',
      {
        schema: {
          tags,
          summary: '导出审计记录及其存证证明 / records with proofs that the log has them, oldest first',
          querystring: Type.Object({ ...pageQuery, ...filterQuery }, CLOSED),
          response: {
            200: Type.Object({
              checkpoint: Type.String({ description: '检查点(签名) / signed note' }),
              records: Type.Array(
                Type.Object({
                  record: Type.String({ description: '原文 / the text whose hash the log has' }),
                  entry: Type.String({ description: 'LogEntry, base64' }),
                  index: Type.Integer(),
                  path: Type.Array(Type.String({ description: 'base64' })),
                }),
              ),
              next: Type.Optional(Type.String()),
            }),
          },
        },
      },
      async ({ query }) => {
        const { limit, after } = pageRequest({ limit: String(EXPORTED_AT_ONCE), ...query }, ['number']);
        const rows = await audit.after(filterOf(query), after?.[0] ?? 0, limit);
        const last = rows.length === limit ? rows.at(-1) : undefined;
        const next = last && cursorOf([last.position]);
        return { ...(await proven(rows)), ...(next !== undefined && { next }) };
      },
    );
  };

  function filterOf(query: { since?: string; until?: string; subject?: string; route?: string }): AuditFilter {
    const { since, until, subject, route } = query;
    return {
      ...(since !== undefined && { since: Number(since) }),
      ...(until !== undefined && { until: Number(until) }),
      ...(subject !== undefined && { actor: audit.pseudonym(subject) }),
      ...(route !== undefined && { route }),
    };
  }

  /** Names of those who are no secret, by what stands for them. */
  async function knownSubjects(asked: string | undefined): Promise<ReadonlyMap<string, string>> {
    const enrolled = (await administrators.list()).map(({ subject }) => subject);
    const names = [...enrolled, ...ADMINISTRATORS.map((role) => localSubject(role)!), 'cli', ...(asked ? [asked] : [])];
    return new Map(names.map((name) => [audit.pseudonym(name), name]));
  }

  async function proven(rows: readonly { record: string; log_position: number }[]) {
    const { checkpoint, proofs } = await log.prove(rows.map((row) => row.log_position));
    const records = rows.map(({ record }, at) => {
      const proof = proofs[at];
      if (!proof) throw new CodedError('LOG_CORRUPT');
      const { entry, index, path } = proof;
      return { record, entry: entry.toString('base64'), index, path: path.map((step) => step.toString('base64')) };
    });
    return { checkpoint, records };
  }
}
