import type { FastifyReply, FastifyRequest } from 'fastify';
import { isErrorCode } from '#proto';
import { type AuditAct, type AuditFactor, targetOf } from '../../audit/audit-record.ts';
import type { AuditTrail } from '../../audit/audit-trail.ts';
import { localSubject } from '../../duty/administrator.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Caller, TypedFastify } from '../typed.ts';

/** Where acts are written down, as far as the server asks. */
export type AuditSink = Pick<AuditTrail, 'begin' | 'end' | 'refused' | 'pseudonym'>;

interface Begun {
  readonly id: string;
  readonly act: AuditAct;
}

/**
 * Has every act that comes in by the API written down (操作审计): before its route begins, and with its outcome before it is
 * answered; behind the answer where that is a stream. What does not get as far as its route is counted as refused.
 */
export function auditActs(app: TypedFastify, sink: AuditSink, clock: { now(): number }, log: Log): void {
  const begun = new WeakMap<FastifyRequest, Begun>();
  const settled = new WeakSet<FastifyRequest>();

  app.addHook('preHandler', async (request) => {
    if (!request.routeOptions.config.isAct) return;
    const act = actOf(request, sink, clock.now());
    begun.set(request, { id: await sink.begin(act), act });
  });
  app.addHook('onSend', async (request, reply, payload) => {
    if (!request.routeOptions.config.isAct || settled.has(request)) return;
    if (isStream(payload)) return;
    settled.add(request);
    const known = begun.get(request);
    const outcome = outcomeOf(reply, payload);
    if (known) await sink.end(known.id, known.act, outcome, reply.statusCode);
    else sink.refused(actOf(request, sink, clock.now()), outcome, reply.statusCode);
  });
  app.addHook('onResponse', async (request, reply) => {
    const known = begun.get(request);
    if (!known || settled.has(request)) return;
    settled.add(request);
    await sink.end(known.id, known.act, outcomeOf(reply, ''), reply.statusCode).catch((error) => {
      log.error({ request: request.id, err: error }, 'the end of an act could not be written down; it is tried again');
    });
  });
}

function actOf(request: FastifyRequest, sink: AuditSink, at: number): AuditAct {
  const caller = request.user as Caller | null;
  const { method, params, body } = request;
  return {
    at,
    request: request.id,
    route: `${method} ${request.routeOptions.url}`,
    target: targetOf(params as Record<string, unknown>),
    role: caller?.role ?? '',
    actor: sink.pseudonym(caller?.sub ?? ''),
    factor: factorOf(caller),
    reason: caller?.breakGlass ?? '',
    body: isStream(body) || body === undefined || body === null ? '' : sink.pseudonym(textOf(body)),
  };
}

function textOf(body: unknown): string {
  return Buffer.isBuffer(body) ? body.toString('base64') : JSON.stringify(body);
}

function factorOf(caller: Caller | null): AuditFactor {
  if (!caller) return 'none';
  if (caller.factor) return caller.factor;
  if (caller.breakGlass !== undefined) return 'break-glass';
  return caller.sub === localSubject(caller.role) ? 'local' : 'token';
}

function outcomeOf({ statusCode }: FastifyReply, payload: unknown): string {
  if (statusCode < 400) return 'done';
  return (
    /"code":"([A-Z][A-Z0-9_]*)"/
      .exec(typeof payload === 'string' ? payload : '')
      ?.slice(1)
      .find(isErrorCode) ?? 'INTERNAL'
  );
}

function isStream(value: unknown): boolean {
  return typeof (value as { pipe?: unknown } | null | undefined)?.pipe === 'function';
}
