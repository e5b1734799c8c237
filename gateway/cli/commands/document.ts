import type { Command } from 'commander';
import { type Cli, type CommonOptions, handle } from '../command.ts';

interface VerifyOptions extends CommonOptions {
  readonly trust?: string[];
  readonly crl?: string[];
  readonly statement?: string[];
}

/** `tongban document`: files that departments sealed themselves. */
export function define(command: Command, cli: Cli): void {
  const verify = command
    .command('verify')
    .description('离线核验 OFD、PDF 及其签章 / verify an OFD or PDF and its seals');
  verify.argument('<file>', '文件 / file');
  verify.option('--trust <pem...>', '信任名单(签章人、制章者或其 CA 的证书) / certificates that are trusted');
  verify.option('--crl <file...>', '证书吊销列表(CRL,PEM 或 DER) / lists of revoked certificates');
  verify.option(
    '--statement <jwt...>',
    '地区声明或其目录,核验地区签署的文书 / statements of regions that may have signed it',
  );
  handle<VerifyOptions>(verify, cli, async ({ trust, crl, statement }, file) => {
    const { verifyDocumentFile } = await import('../verify-document.ts');
    return verifyDocumentFile(file!, trust ?? [], cli.clock.now(), crl ?? [], statement ?? []);
  });

  const lists = command
    .command('lists')
    .description('检查证书吊销列表目录 / look through a folder of revocation lists');
  lists.argument('<folder>', '目录 / folder, as documents.revocation_lists names it');
  handle<CommonOptions>(lists, cli, async (_options, folder) => {
    const { showRevocationLists } = await import('../revocation-lists.ts');
    return showRevocationLists(folder!, cli.clock.now());
  });
}
