import { type Command, Option } from 'commander';
import { encodeQR } from 'qr';
import { mintToken, readApiKey } from '../../api/token.ts';
import { ADMINISTRATORS, type AdministratorRole, SIGN_ON_PREFIX } from '../../duty/administrator.ts';
import { TOTP_ALGORITHMS, type TotpAlgorithm } from '../../duty/totp.ts';
import { connect, path } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { readText } from '../files.ts';
import { chinaTime, pairs, plain, table } from '../format.ts';
import { configIn } from '../gateway-folder.ts';
import { duration, type GatewayOptions, gatewayOption } from '../options.ts';

interface Administrator {
  readonly subject: string;
  readonly role: AdministratorRole;
  /** Milliseconds. */
  readonly enrolledAt: number;
  readonly enrolledBy: string;
  /** Hash of his codes, and SHA-256 of his client certificate. */
  readonly algorithm?: string;
  readonly certificate?: string;
  readonly confirmedAt?: number;
  readonly lockedUntil?: number;
}

interface Enrolled {
  readonly administrator: Administrator;
  /** Of codes, where he has them. */
  readonly secret?: string;
  readonly uri?: string;
}

interface EnrolOptions extends GatewayOptions {
  readonly role: AdministratorRole;
  readonly algorithm: TotpAlgorithm;
  readonly ttl: number;
  /** File of a client certificate in PEM. */
  readonly certificate?: string;
  readonly otp: boolean;
}

const PEM_BYTES = 16 * 1024;
const SUBJECT = '账号 / account';
const HALF_A_YEAR = 180 * 24 * 3600;

/** `tongban administrator`: who administers (三员), one role a person. */
export function define(command: Command, cli: Cli): void {
  const list = command.command('list').description('管理员名单 / who administers');
  handle<GatewayOptions>(gatewayOption(list), cli, async ({ gateway }) => {
    const client = await connect(gateway, cli);
    const json = await client.get<{ administrators: Administrator[] }>('/v1/administrators');
    return { json, text: administratorTable(json.administrators) };
  });

  const enrol = command
    .command('enrol')
    .description('登记管理员,发放令牌和动态口令 / give a person a role, a token and a second factor');
  enrol.argument('<subject>', SUBJECT);
  enrol.addOption(new Option('--role <role>', '角色 / role').choices(ADMINISTRATORS).makeOptionMandatory());
  enrol.addOption(
    new Option('--algorithm <hash>', '动态口令算法 / hash of the codes').choices(TOTP_ALGORITHMS).default('SHA1'),
  );
  enrol.option('--certificate <file>', '客户端证书 PEM,作为第二因素 / a client certificate as second factor');
  enrol.option('--no-otp', '只用客户端证书,不发动态口令 / no codes: the certificate alone');
  enrol.option('--ttl <duration>', '令牌有效时长 / how long the token is good', duration, HALF_A_YEAR);
  handle<EnrolOptions>(gatewayOption(enrol), cli, (options, subject) => enrolled(options, subject!, cli));

  const remove = command.command('remove').description('注销管理员 / take a person’s role away, with his sessions');
  remove.argument('<subject>', SUBJECT);
  handle<GatewayOptions>(gatewayOption(remove), cli, async ({ gateway }, subject) => {
    await (await connect(gateway, cli)).delete(path`/v1/administrators/${subject!}`);
    return { json: { removed: subject }, text: `已注销 / removed: ${plain(subject!)}\n` };
  });
}

async function enrolled(options: EnrolOptions, subject: string, cli: Cli): Promise<Answer> {
  const { gateway, role, ttl, otp } = options;
  const { keys, tokens } = await configIn(gateway);
  const client = await connect(gateway, cli);
  const ofSignOn = subject.startsWith(SIGN_ON_PREFIX);
  // First what may fail: the secret is told once, and a person who was enrolled without it can never act.
  const secret = await readApiKey(keys.directory);
  const tokenAt = (now: number) => mintToken({ role, subject, ttlSeconds: ttl, secret, ...tokens, now });
  if (!ofSignOn) await tokenAt(cli.clock.now());
  const certificate =
    options.certificate === undefined ? {} : { certificate: await readText(options.certificate, PEM_BYTES) };
  const codes = otp ? { algorithm: options.algorithm } : { otp };
  const made = await client.post<Enrolled>('/v1/administrators', { subject, role, ...codes, ...certificate });
  // By the clock of the gateway, which takes no token that is older than the enrolment.
  const token = ofSignOn ? undefined : await tokenAt(made.administrator.enrolledAt);
  const text = pairs([
    ['账号 Subject', subject],
    ['角色 Role', role],
    ...(made.secret === undefined ? [] : [['动态口令密钥 Secret', made.secret] as const]),
    ...(made.administrator.certificate === undefined
      ? []
      : [['证书 Certificate', made.administrator.certificate] as const]),
    ...(token === undefined ? [] : [['令牌 Token', token] as const]),
  ]);
  const notes = [
    ...(made.uri === undefined
      ? []
      : ['请本人用手机程序扫码;以上只显示这一次 / let the person scan the code; this is shown once']),
    ...(ofSignOn ? ['令牌由统一认证签发,本机不发 / his tokens are those of the sign-on; none is made here'] : []),
    '首次登录后生效 / it counts from the first session on: TONGBAN_TOKEN=… tongban session open',
  ];
  return {
    json: { ...made, ...(token !== undefined && { token }) },
    text: made.uri === undefined ? text : `${encodeQR(made.uri, 'ascii')}\n${text}`,
    notes,
  };
}

function administratorTable(administrators: readonly Administrator[]): string {
  return table(
    [
      '账号 Subject',
      '角色 Role',
      '因素 Factors',
      '登记 Enrolled',
      '登记人 By',
      '首次登录 Confirmed',
      '锁定至 Locked until',
    ],
    administrators.map(({ subject, role, algorithm, certificate, enrolledAt, enrolledBy, ...later }) => {
      const factors = [...(algorithm ? ['口令 otp'] : []), ...(certificate ? ['证书 certificate'] : [])].join(' ');
      const times = [timeOr(later.confirmedAt), timeOr(later.lockedUntil)];
      return [subject, role, factors, chinaTime(enrolledAt), enrolledBy, ...times];
    }),
    '尚无管理员,由本机密钥代替 / nobody yet: the key of the machine stands in',
  );
}

function timeOr(at: number | undefined): string {
  return at === undefined ? '' : chinaTime(at);
}
