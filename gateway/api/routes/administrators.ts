import { Type } from '@fastify/type-provider-typebox';
import { CodedError, fields, oneOf, optional, text } from '#proto';
import { ADMINISTRATORS, type AdministratorRole } from '../../duty/administrator.ts';
import type { Administrator } from '../../duty/administrators.ts';
import { base32, otpauthUri, TOTP_ALGORITHMS, type TotpAlgorithm } from '../../duty/totp.ts';
import type { ApiContext } from '../context.ts';
import { RULED, readInput } from '../helpers/body.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, instant, words } from '../views/schemas.ts';

const tags = ['三员 / administrators'];

const AdministratorJson = Type.Object({
  subject: Type.String({ description: '令牌使用方 / subject of the tokens' }),
  role: words(ADMINISTRATORS, '系统、安全、审计管理员 / administrator of the system, of security, of the audit'),
  algorithm: words(TOTP_ALGORITHMS),
  enrolledAt: instant('登记时间 / when'),
  enrolledBy: Type.String({ description: '登记人 / by whom' }),
  confirmedAt: Type.Optional(instant('首次动态口令正确;此前不算数 / first right code; until then he does not count')),
  lockedUntil: Type.Optional(instant('口令多次错误,锁定至 / too many wrong codes: locked until')),
});

const EnrolledJson = Type.Object({
  administrator: AdministratorJson,
  secret: Type.String({ description: '动态口令密钥(base32),只告知这一次 / never told again' }),
  uri: Type.String({ description: 'otpauth,供手机程序扫码 / for a QR code' }),
});

const enrolment = fields({
  subject: text(100, {
    pattern: /^(?!local-)\S.*$/u,
    hint: 'must be the name of an account, not one of the machine (local-…)',
  }),
  role: oneOf(...ADMINISTRATORS),
  algorithm: optional(oneOf(...TOTP_ALGORITHMS)),
});
const opening = fields({ code: text(6, { pattern: /^\d{6}$/, hint: 'must be the six digits that are shown now' }) });

interface Enrolment {
  readonly subject: string;
  readonly role: AdministratorRole;
  readonly algorithm?: TotpAlgorithm | null;
}

/** Who administers (三员), and their sessions with a second factor (动态口令). */
export function administratorRoutes({ administrators, region }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/administrators',
      {
        schema: {
          tags,
          summary: '管理员名单 / who administers; nothing of their secrets',
          response: { 200: Type.Object({ administrators: Type.Array(AdministratorJson) }) },
        },
      },
      async () => ({ administrators: await administrators.list() }),
    );

    app.post(
      '/v1/administrators',
      {
        ...RULED,
        schema: {
          tags,
          summary: '登记管理员,发放动态口令 / give a person a role and a second factor',
          description: '一人只能有一个角色 / nobody has two roles (ROLE_CONFLICT)',
          body: Type.Object(
            {
              subject: Type.String({ description: '账号(100 字内) / account' }),
              role: words(ADMINISTRATORS),
              algorithm: Type.Optional(words(TOTP_ALGORITHMS, '默认 / default SHA1')),
            },
            CLOSED,
          ),
          response: { 201: EnrolledJson },
        },
      },
      async (request, reply) => {
        const { subject, role, algorithm } = readInput<Enrolment>(enrolment, request.body);
        const wish = { subject, role, algorithm: algorithm ?? 'SHA1' };
        const factor = await administrators.enrol(wish, request.user.sub);
        const administrator = await demand(subject);
        const uri = otpauthUri(factor, `Tongban ${region}`, subject);
        reply.header('cache-control', 'no-store');
        return reply.code(201).send({ administrator, secret: base32(factor.secret), uri });
      },
    );

    app.delete(
      '/v1/administrators/:subject',
      {
        schema: {
          tags,
          summary: '注销管理员及其会话 / take a person’s role away, with his sessions; never one’s own',
          params: Type.Object({ subject: Type.String() }, CLOSED),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await administrators.remove(request.params.subject, request.user.sub);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/v1/sessions',
      {
        ...RULED,
        schema: {
          tags,
          summary: '以动态口令登录,15 分钟 / open a session by a one-time code, for 15 minutes',
          body: Type.Object({ code: Type.String({ description: '六位动态口令 / six digits' }) }, CLOSED),
          response: {
            201: Type.Object({
              token: Type.String({ description: '此后用作令牌 / the bearer token from now on' }),
              amr: Type.Array(words(['otp']), { description: 'RFC 8176' }),
              expiresAt: instant('到期 / when it ends'),
            }),
          },
        },
      },
      async (request, reply) => {
        const { code } = readInput<{ code: string }>(opening, request.body);
        const { token, expiresAt } = await administrators.openSession(request.user, code);
        reply.header('cache-control', 'no-store');
        return reply.code(201).send({ token, amr: ['otp'], expiresAt });
      },
    );

    app.delete(
      '/v1/sessions/current',
      { schema: { tags, summary: '退出登录 / end the session of the token', response: { 204: Type.Null() } } },
      async (request, reply) => {
        await administrators.endSession((request.headers.authorization ?? '').replace(/^Bearer /i, ''));
        return reply.code(204).send(null);
      },
    );
  };

  async function demand(subject: string): Promise<Administrator> {
    const found = (await administrators.list()).find((one) => one.subject === subject);
    if (!found) throw new CodedError('NOT_FOUND');
    return found;
  }
}
