import type { Command } from 'commander';
import { CodedError } from '#proto';
import { connect } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { chinaTime } from '../format.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';

interface Session {
  readonly token: string;
  /** Milliseconds. */
  readonly expiresAt: number;
}

interface OpenOptions extends GatewayOptions {
  readonly certificate?: boolean;
}

const QUESTION = '六位动态口令(不显示) / six digits (not shown): ';

/** `tongban session`: an administrator proves his second factor (动态口令 or 客户端证书), for 15 minutes. */
export function define(command: Command, cli: Cli): void {
  const open = command
    .command('open')
    .description('以 TONGBAN_TOKEN 中的令牌和动态口令登录 / open a session, with the token of TONGBAN_TOKEN and a code')
    .option(
      '--certificate',
      '不用口令,用 TONGBAN_CLIENT_CERTIFICATE 的客户端证书 / by the client certificate of TONGBAN_CLIENT_CERTIFICATE instead of a code',
    );
  handle<OpenOptions>(gatewayOption(open), cli, async ({ gateway, certificate }) => {
    const client = await connect(gateway, demandToken(cli));
    const session = await client.post<Session>('/v1/sessions', certificate ? {} : { code: await readCode(cli) });
    const until = chinaTime(session.expiresAt);
    const note = `令牌有效至 ${until};设为 TONGBAN_TOKEN / the token is good until then; put it into TONGBAN_TOKEN`;
    return { json: session, text: `${session.token}\n`, notes: [note] };
  });

  const close = command.command('close').description('退出 / end the session of TONGBAN_TOKEN');
  handle<GatewayOptions>(gatewayOption(close), cli, async ({ gateway }) => {
    await (await connect(gateway, demandToken(cli))).delete('/v1/sessions/current');
    return { json: { closed: true }, text: '已退出 / closed\n' };
  });
}

async function readCode({ askHidden, stdin }: Cli): Promise<string> {
  return (askHidden ? await askHidden(QUESTION) : await stdin()).trim();
}

/** A session is a person's: the key of the machine has none. */
function demandToken(cli: Cli): Cli {
  if (!cli.environment?.['TONGBAN_TOKEN'])
    throw new CodedError('VALIDATION_FAILED', 'put your token into TONGBAN_TOKEN; tongban administrator enrol gave it');
  return cli;
}
