import { type Command, Option } from 'commander';
import { ROLES, type Role } from '../../api/roles.ts';
import { mintToken, readApiKey } from '../../api/token.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { configIn } from '../gateway-folder.ts';
import { duration, type GatewayOptions, gatewayOption } from '../options.ts';

interface TokenOptions extends GatewayOptions {
  readonly role: Role;
  readonly subject: string;
  readonly ttl: number;
  readonly purpose?: string;
}

/** `tongban token`: a token for the API, offline. */
export function define(command: Command, cli: Cli): void {
  gatewayOption(command)
    .addOption(new Option('--role <role>', '角色 / role').choices(ROLES).makeOptionMandatory())
    .option('--subject <name>', '使用方(平台或窗口,不用人名) / platform or workplace that will use it', 'cli')
    .option(
      '--purpose <text>',
      '常设用途,查阅个人信息时留痕 / what it is for: recorded with each look into personal data',
    )
    .option('--ttl <duration>', '有效时长,如 8h、30d / how long it is good', duration, 8 * 3600);
  handle<TokenOptions>(command, cli, (options) => token(options, cli));
}

async function token({ gateway, role, subject, ttl, purpose }: TokenOptions, cli: Cli): Promise<Answer> {
  const config = await configIn(gateway);
  const secret = await readApiKey(config.keys.directory);
  const now = cli.clock.now();
  const made = await mintToken({ role, subject, purpose, ttlSeconds: ttl, secret, ...config.tokens, now });
  const expiresAt = (Math.floor(now / 1000) + ttl) * 1000;
  return {
    json: { token: made, role, subject, ...(purpose !== undefined && { purpose }), expiresAt },
    text: `${made}\n`,
  };
}
