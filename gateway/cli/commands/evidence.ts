import type { Command } from 'commander';
import { type Cli, type CommonOptions, handle } from '../command.ts';
import { humanSize, plain } from '../format.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';

/** `tongban evidence`: what proves a case. */
export function define(command: Command, cli: Cli): void {
  const out = command.command('export').description('导出办件存证包 / export the evidence of a case');
  out.argument('<case>', '办件编号或会话标识 / number or conversation of the case');
  out.requiredOption('--out <file>', '存为 / save as');
  handle<GatewayOptions & { out: string }>(gatewayOption(out), cli, async ({ gateway, out: file }, key) => {
    const [{ connect, path }, { save }] = await Promise.all([import('../client.ts'), import('../download.ts')]);
    const client = await connect(gateway, cli.clock);
    const size = await save(await client.download(path`/v1/cases/${key!}/evidence`), file);
    return { json: { out: file, size }, text: `已导出 / exported: ${plain(file)} (${humanSize(size)})\n` };
  });

  const verify = command.command('verify').description('离线核验存证包 / verify an evidence bundle offline');
  verify.argument('<file>', '存证包 / bundle');
  verify.requiredOption(
    '--region <statement...>',
    '各地区声明文件 / statement files of its regions, the only ones trusted',
  );
  verify.option('--tsa <pem>', '采信的时间戳证书 / certificates of timestamp authorities that are trusted');
  handle<CommonOptions & { region: string[]; tsa?: string }>(verify, cli, async ({ region, tsa }, file) => {
    const { verifyEvidenceFile } = await import('../verify-evidence.ts');
    return verifyEvidenceFile(file!, region, cli.clock.now(), tsa);
  });
}
