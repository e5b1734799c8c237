import type { Command } from 'commander';
import { CodedError } from '#proto';
import { type Notices, noticesAnswer } from '../certificate/notices.ts';
import { connect, path } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { save } from '../download.ts';
import { humanSize, plain } from '../format.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';

/** `notices`: who knows of the changes of a certificate (状态变更告知). */
export function defineNotices(command: Command, cli: Cli): void {
  const notices = command
    .command('notices')
    .description(
      '状态变更告知了谁、谁已签收;最新变更尚有地区未签收时退出码 1 / who was told of changes of a certificate, and who took it; exit code 1 until every region took the newest one',
    );
  notices.argument('<identifier>', '电子证照标识 / identifier');
  notices.option('--evidence <region>', '导出与该地区的存证包,连同 --out / export what proves it for one region');
  notices.option('--out <file>', '存证包另存为 / save the evidence as');
  handle<GatewayOptions & { evidence?: string; out?: string }>(
    gatewayOption(notices),
    cli,
    async ({ gateway, evidence, out }, identifier) => {
      if ((evidence === undefined) !== (out === undefined))
        throw new CodedError('VALIDATION_FAILED', '--evidence and --out go together');
      const client = await connect(gateway, cli);
      if (evidence === undefined || out === undefined)
        return noticesAnswer(await client.get<Notices>(path`/v1/certificates/${identifier!}/notices`));
      const bundle = await client.download(path`/v1/certificates/${identifier!}/notices/${evidence}/evidence`);
      const size = await save(bundle, out);
      return { json: { out, size }, text: `已导出 / exported: ${plain(out)} (${humanSize(size)})\n` };
    },
  );
}
