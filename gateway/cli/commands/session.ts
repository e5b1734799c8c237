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

const QUESTION = '六位动态口令(不显示) / six digits (not shown): ';

/** `tongban session`: an administrator proves his second factor (动态口令), for 15 minutes. */
export function define(command: Command, cli: Cli): void {
  const open = command
    .command('open')
    .description(
      '以 TONGBAN_TOKEN 中的令牌和动态口令登录 / open a session, with the token of TONGBAN_TOKEN and a code',
    );
  handle<GatewayOptions>(gatewayOption(open), cli, async ({ gateway }) => {
    const client = await connect(gateway, demandToken(cli));
    const code = (cli.askHidden ? await cli.askHidden(QUESTION) : await cli.stdin()).trim();
    const session = await client.post<Session>('/v1/sessions', { code });
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

/** A session is a person's: the key of the machine has none. */
function demandToken(cli: Cli): Cli {
  if (!cli.environment?.['TONGBAN_TOKEN'])
    throw new CodedError('VALIDATION_FAILED', 'put your token into TONGBAN_TOKEN; tongban administrator enrol gave it');
  return cli;
}
