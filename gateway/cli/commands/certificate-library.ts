import type { Command } from 'commander';
import { CodedError } from '#proto';
import {
  type CertificateRecord,
  recordAnswer,
  type ShownCertificate,
  type StatusChange,
  showAnswer,
} from '../certificate/record.ts';
import { connect, type GatewayClient, path } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { save } from '../download.ts';
import { readJson } from '../files.ts';
import { humanSize, plain } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PurposeOptions, purposeOption, purposeQuery } from '../options.ts';

type OutOptions = GatewayOptions & { readonly out?: string };
type PdfOptions = GatewayOptions & PurposeOptions & { readonly out: string };

/** `issue`, `show` and `pdf`: certificates of the library (证照库). */
export function defineLibrary(command: Command, cli: Cli): void {
  const issue = command.command('issue').description('签发电子证照(不经办件) / issue one outside a case');
  issue.argument('<file>', "证照内容 JSON,'-' 为标准输入 / its content, '-' for the standard input");
  issue.option('--out <file>', '证照另存为 / save the certificate as');
  handle<OutOptions>(gatewayOption(issue), cli, async ({ gateway, out }, file) => {
    const content = await readJson(file!, 'the content', cli.stdin);
    const client = await connect(gateway, cli);
    return recordAnswer(await client.post<CertificateRecord>('/v1/certificates', content), out);
  });

  const show = command.command('show').description('查看电子证照 / show one of the library');
  show.argument('<identifier>', '电子证照标识 / identifier');
  show.option('--out <file>', '证照另存为 / save the certificate as');
  handle<OutOptions & PurposeOptions>(purposeOption(gatewayOption(show)), cli, async (options, identifier) => {
    const { gateway, out, purpose } = options;
    if (out !== undefined && purpose === undefined) throw new CodedError('PURPOSE_REQUIRED');
    const client = await connect(gateway, cli);
    const route = path`/v1/certificates/${identifier!}`;
    const record = await client.get<ShownCertificate>(route + purposeQuery(options));
    return showAnswer(record, await changesAt(client, `${route}/status`), out);
  });

  const pdf = command.command('pdf').description('生成电子证照 PDF / save one of ours as a signed PDF');
  pdf.argument('<identifier>', '电子证照标识 / identifier');
  pdf.requiredOption('--out <file>', '存为 / save as');
  handle<PdfOptions>(purposeOption(gatewayOption(pdf)), cli, async ({ gateway, out, ...purpose }, identifier) => {
    const client = await connect(gateway, cli);
    const url = path`/v1/certificates/${identifier!}/pdf` + purposeQuery(purpose);
    const size = await save(await client.download(url), out);
    return { json: { identifier, out, size }, text: `已保存 / saved: ${plain(out)} (${humanSize(size)})\n` };
  });
}

/** Who decided what about a certificate; nothing for a role that may see the certificate alone, such as a platform's. */
async function changesAt(client: GatewayClient, route: string): Promise<readonly StatusChange[]> {
  try {
    return (await client.get<{ readonly changes: readonly StatusChange[] }>(route)).changes;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'FORBIDDEN') return [];
    throw error;
  }
}
