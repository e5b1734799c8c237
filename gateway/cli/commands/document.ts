import type { Command } from 'commander';
import { type Cli, type CommonOptions, handle } from '../command.ts';

/** `tongban document`: files that departments sealed themselves. */
export function define(command: Command, cli: Cli): void {
  const verify = command
    .command('verify')
    .description('离线核验 OFD、PDF 及其签章 / verify an OFD or PDF and its seals');
  verify.argument('<file>', '文件 / file');
  verify.option('--trust <pem...>', '信任名单(签章人、制章者或其 CA 的证书) / certificates that are trusted');
  handle<CommonOptions & { trust?: string[] }>(verify, cli, async ({ trust }, file) => {
    const { verifyDocumentFile } = await import('../verify-document.ts');
    return verifyDocumentFile(file!, trust ?? [], cli.clock.now());
  });
}
