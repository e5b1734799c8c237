import type { Command } from 'commander';
import { CodedError } from '#proto';
import { type Cli, type CommonOptions, handle } from '../command.ts';
import { humanSize, plain } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PurposeOptions, purposeOption, purposeQuery } from '../options.ts';

interface ExportOptions extends GatewayOptions, PurposeOptions {
  readonly out: string;
  readonly check?: string;
  readonly peer?: string;
}

/** `tongban evidence`: what proves a case, or a check. */
export function define(command: Command, cli: Cli): void {
  const out = command
    .command('export')
    .description('导出办件或一次核验的存证包 / export the evidence of a case or a check');
  out.argument('[case]', '办件编号或会话标识 / number or conversation of the case');
  out.option('--check <id>', '核验报文编号,代替办件 / id of a check, instead of a case');
  out.option('--peer <region>', '核验的对方地区,一般不需要 / the other region of the check; seldom needed');
  out.requiredOption('--out <file>', '存为 / save as');
  handle<ExportOptions>(
    purposeOption(gatewayOption(out)),
    cli,
    async ({ gateway, out: file, check, peer, ...purpose }, key) => {
      if ((key === undefined) === (check === undefined))
        throw new CodedError('VALIDATION_FAILED', '给出办件或 --check 之一 / name a case or a --check, not both');
      const [{ connect, path }, { save }] = await Promise.all([import('../client.ts'), import('../download.ts')]);
      const client = await connect(gateway, cli);
      const route = check === undefined ? path`/v1/cases/${key!}/evidence` : path`/v1/checks/${check}/evidence`;
      const query = new URLSearchParams(purposeQuery(purpose));
      if (peer !== undefined) query.set('peer', peer);
      const size = await save(await client.download(query.size === 0 ? route : `${route}?${query}`), file);
      return { json: { out: file, size }, text: `已导出 / exported: ${plain(file)} (${humanSize(size)})\n` };
    },
  );

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
