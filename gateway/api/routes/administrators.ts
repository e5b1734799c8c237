import { Type } from '@fastify/type-provider-typebox';
import { boolean, both, CodedError, fields, oneOf, optional, type Problem, text } from '#proto';
import { ADMINISTRATORS, type AdministratorRole, SECOND_FACTORS } from '../../duty/administrator.ts';
import type { Administrator } from '../../duty/administrators.ts';
import { readClientCertificate } from '../../duty/client-certificate.ts';
import { base32, otpauthUri, TOTP_ALGORITHMS, type TotpAlgorithm } from '../../duty/totp.ts';
import type { ApiContext } from '../context.ts';
import { RULED, readInput } from '../helpers/body.ts';
import { ROLES } from '../roles.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, instant, words } from '../views/schemas.ts';

/** Characters of a certificate in PEM. */
const PEM_LENGTH = 16_384;

const tags = ['三员 / administrators'];

const AdministratorJson = Type.Object({
  subject: Type.String({ description: '令牌使用方 / subject of the tokens' }),
  role: words(ADMINISTRATORS, '系统、安全、审计管理员 / administrator of the system, of security, of the audit'),
  algorithm: Type.Optional(words(TOTP_ALGORITHMS, '动态口令;没有即不用 / of his codes, if he has any')),
  certificate: Type.Optional(
    Type.String({ description: '客户端证书的 SHA-256 / SHA-256 of his client certificate, hexadecimal' }),
  ),
  enrolledAt: instant('登记时间 / when'),
  enrolledBy: Type.String({ description: '登记人 / by whom' }),
  confirmedAt: Type.Optional(instant('首次以第二因素登录;此前不算数 / first session; until then he does not count')),
  lockedUntil: Type.Optional(instant('口令多次错误,锁定至 / too many wrong codes: locked until')),
});

const EnrolledJson = Type.Object({
  administrator: AdministratorJson,
  secret: Type.Optional(Type.String({ description: '动态口令密钥(base32),只告知这一次 / never told again' })),
  uri: Type.Optional(Type.String({ description: 'otpauth,供手机程序扫码 / for a QR code' })),
});

const CallerJson = Type.Object({
  subject: Type.String({ description: '令牌使用方 / subject of the token' }),
  role: words(ROLES, '角色 / role'),
  factor: Type.Optional(words(SECOND_FACTORS, '会话所用第二因素 / by what his session was opened, if it is one')),
  acts: Type.Boolean({
    description:
      '能否操作:管理员须先登录会话,否则只能查看 / whether he may act: an administrator without a session only looks',
  }),
  region: Type.String({ description: '行政区划代码 / region code' }),
  version: Type.String({ description: '程序版本 / version of the program' }),
});

const enrolment = both(
  fields({
    subject: text(100, {
      pattern: /^(?!local-)\S.*$/u,
      hint: 'must be the name of an account, not one of the machine (local-…)',
    }),
    role: oneOf(...ADMINISTRATORS),
    algorithm: optional(oneOf(...TOTP_ALGORITHMS)),
    certificate: optional(text(PEM_LENGTH, { lines: true })),
    otp: optional(boolean),
  }),
  someFactor,
);
const opening = fields({
  code: optional(text(6, { pattern: /^\d{6}$/, hint: 'must be the six digits that are shown now' })),
});

interface Enrolment {
  readonly subject: string;
  readonly role: AdministratorRole;
  readonly algorithm?: TotpAlgorithm | null;
  readonly certificate?: string | null;
  readonly otp?: boolean | null;
}

/** Who administers (三员), and their sessions with a second factor (动态口令). */
export function administratorRoutes({ administrators, region, version, clock }: ApiContext): RouteModule {
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
              certificate: Type.Optional(
                Type.String({
                  description: '客户端证书 PEM,作为第二因素 / of a client certificate as a second factor',
                }),
              ),
              otp: Type.Optional(
                Type.Boolean({ description: '只用证书时为 false / false for somebody with a certificate alone' }),
              ),
            },
            CLOSED,
          ),
          response: { 201: EnrolledJson },
        },
      },
      async (request, reply) => {
        const { subject, role, algorithm, certificate, otp } = readInput<Enrolment>(enrolment, request.body);
        const shown = certificate ? readClientCertificate(certificate, clock.now()) : undefined;
        const wish = {
          ...{ subject, role },
          ...(otp !== false && { algorithm: algorithm ?? 'SHA1' }),
          ...(shown && { certificate: shown.fingerprint }),
        };
        const factor = await administrators.enrol(wish, request.user.sub);
        const administrator = await demand(subject);
        reply.header('cache-control', 'no-store');
        const codes = factor && {
          secret: base32(factor.secret),
          uri: otpauthUri(factor, `Tongban ${region}`, subject),
        };
        return reply.code(201).send({ administrator, ...codes });
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
          summary:
            '以动态口令或客户端证书登录,15 分钟 / open a session by a one-time code or a client certificate, for 15 minutes',
          description:
            '不带口令:以本连接出示的客户端证书登录,令牌只在出示同一证书的连接上有效(RFC 8705)/ without a code: by the certificate of this connection, to which the token is bound',
          body: Type.Object({ code: Type.Optional(Type.String({ description: '六位动态口令 / six digits' })) }, CLOSED),
          response: {
            201: Type.Object({
              token: Type.String({ description: '此后用作令牌 / the bearer token from now on' }),
              amr: Type.Array(words(['otp', 'pop']), { description: 'RFC 8176;pop:证书 / a certificate' }),
              expiresAt: instant('到期 / when it ends'),
            }),
          },
        },
      },
      async (request, reply) => {
        const { code } = readInput<{ code?: string | null }>(opening, request.body);
        const { token, expiresAt } = code
          ? await administrators.openSession(request.user, code)
          : await administrators.openBoundSession(request.user);
        reply.header('cache-control', 'no-store');
        return reply.code(201).send({ token, amr: [code ? 'otp' : 'pop'], expiresAt });
      },
    );

    app.get(
      '/v1/sessions/current',
      {
        schema: {
          tags,
          summary: '我是谁 / whose the token is, and what it is good for',
          response: { 200: CallerJson },
        },
      },
      async ({ user }, reply) => {
        const { sub, role, factor } = user;
        const acts = await administrators.demand(user, true).then(
          () => true,
          (error: unknown) => {
            if (error instanceof CodedError) return false;
            throw error;
          },
        );
        reply.header('cache-control', 'no-store');
        return { subject: sub, role, ...(factor && { factor }), acts, region, version };
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

function someFactor(value: unknown, pointer: string, problems: Problem[]): void {
  const { otp, certificate, algorithm } = value as Enrolment;
  if (otp !== false) return;
  if (!certificate)
    problems.push({ pointer: `${pointer}/certificate`, code: 'REQUIRED', message: 'is required without codes' });
  if (algorithm) problems.push({ pointer: `${pointer}/algorithm`, code: 'CONFLICT', message: 'is one of codes' });
}
