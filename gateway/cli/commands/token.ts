import { type Command, Option } from 'commander';
import { CodedError } from '#proto';
import { ROLES, type Role } from '../../api/roles.ts';
import { mintToken, readApiKey } from '../../api/token.ts';
import { localSubject } from '../../duty/administrator.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { configIn } from '../gateway-folder.ts';
import { duration, type GatewayOptions, gatewayOption } from '../options.ts';

interface TokenOptions extends GatewayOptions {
  readonly role: Role;
  readonly subject?: string;
  readonly ttl?: number;
  readonly purpose?: string;
  readonly breakGlass?: string;
}

/** `tongban token`: a token for the API, offline. */
export function define(command: Command, cli: Cli): void {
  gatewayOption(command)
    .addOption(new Option('--role <role>', '角色 / role').choices(ROLES).makeOptionMandatory())
    .option('--subject <name>', '使用方(平台或窗口,不用人名) / platform or workplace that will use it')
    .option(
      '--purpose <text>',
      '常设用途,查阅个人信息时留痕 / what it is for: recorded with each look into personal data',
    )
    .option('--ttl <duration>', '有效时长,如 8h、30d / how long it is good', duration)
    .option(
      '--break-glass <reason>',
      '应急:以本机密钥代替管理员,15 分钟,事由长期留痕 / the key of this machine stands in for an administrator, for 15 minutes; why is kept',
    );
  handle<TokenOptions>(command, cli, (options) => token(options, cli));
}

async function token(options: TokenOptions, cli: Cli): Promise<Answer> {
  const { gateway, role, purpose, breakGlass } = options;
  if (breakGlass !== undefined && (options.subject !== undefined || localSubject(role) === undefined))
    throw new CodedError('VALIDATION_FAILED', '--break-glass is for a role of administrators, and for nobody by name');
  const subject = options.subject ?? localSubject(role) ?? 'cli';
  const ttlSeconds = options.ttl ?? (breakGlass === undefined ? 8 * 3600 : 15 * 60);
  const config = await configIn(gateway);
  const secret = await readApiKey(config.keys.directory);
  const now = cli.clock.now();
  const wish = { role, subject, purpose, breakGlass, ttlSeconds };
  const made = await mintToken({ ...wish, secret, ...config.tokens, now });
  const expiresAt = (Math.floor(now / 1000) + ttlSeconds) * 1000;
  return {
    json: { token: made, role, subject, ...(purpose !== undefined && { purpose }), expiresAt },
    text: `${made}\n`,
  };
}
