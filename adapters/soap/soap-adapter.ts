import { CodedError, fields, type Problem, text } from '#proto';
import { type Adapter, type AdapterContext, PlatformError } from '../adapter.ts';
import { PlatformClient } from '../http/client.ts';
import { PollSource } from '../http/poll/poll-source.ts';
import { mappedSink } from '../mapping/mapped-sink.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { soapAuthProblems } from './soap-auth.ts';
import { SoapClient } from './soap-client.ts';
import { type SoapConfig, serviceOf, soapRules } from './soap-config.ts';
import { SoapList } from './soap-list.ts';

/** What the document of a mapping says: one call. */
const documentRule = fields({ operation: text(128), body: () => {} });

/**
 * Services in SOAP 1.1 and 1.2, document/literal. Out: a call for each document of the mapping. In: records that an
 * operation answers with, called again and again.
 */
export const soapKind = {
  mapping: 'required',
  rules: soapRules,

  async create(config: SoapConfig, context: AdapterContext, mapping: Mapping | undefined): Promise<Adapter> {
    const { service, problems } = await serviceOf(config);
    problems.push(...(await soapAuthProblems(config.auth, '/auth')));
    if (config.poll?.pages && !context.state)
      problems.push({ pointer: '/poll/pages', code: 'STATE', message: 'needs a place to keep how far it has read' });
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the settings cannot be used', problems);
    const client = await PlatformClient.open({ ...config, url: service.url, auth: { type: 'none' } }, context);
    const { version = '1.1', auth, lists = [], prefixes = {} } = config;
    const soap = new SoapClient({ version, auth, lists, prefixes, operations: service.operations }, client, context);
    const reader = { platform: config.name, mapping: mapping!, openFile: noFiles };
    const source = config.poll && new PollSource(config.poll, new SoapList(config.poll, soap), reader, context);

    return {
      kind: 'soap',
      name: config.name,
      sink: mappedSink(mapping!, context, async ({ id, document }, signal) => {
        const problems: Problem[] = [];
        documentRule(document, '', problems);
        if (problems.length > 0) throw new PlatformError(false, `the document is no call: ${listed(problems)}`);
        const { operation, body } = document as { operation: string; body: unknown };
        return soap.call(id, operation, body ?? {}, signal);
      }),
      ...(source && { source }),
      async close() {
        await source?.stop();
        client.close();
      },
    };
  },
} as const;

/** Materials come within records, or by another way: a SOAP service has no addresses of files. */
async function noFiles(): Promise<never> {
  throw new PlatformError(false, 'a record of a SOAP service names a file, which cannot be fetched');
}

function listed(problems: readonly Problem[]): string {
  return problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
}
