import { CodedError, fields, type Problem, text } from '#proto';
import { type Adapter, type AdapterContext, type DeliverySink, PlatformError } from '../adapter.ts';
import { PlatformClient } from '../http/client.ts';
import { PushSource } from '../http/hook/push-source.ts';
import { PollSource } from '../http/poll/poll-source.ts';
import { together } from '../http/together.ts';
import { mappedSink } from '../mapping/mapped-sink.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { noFiles } from '../records/arrived-record.ts';
import { soapAuthProblems } from './soap-auth.ts';
import { SoapClient } from './soap-client.ts';
import { type SoapConfig, serviceOf, soapRules } from './soap-config.ts';
import { SoapList } from './soap-list.ts';
import { SoapPushes } from './soap-pushes.ts';

/** What the document of a mapping says: one call. */
const documentRule = fields({ operation: text(128), body: () => {} });

const NO_AUTH = { type: 'none' } as const;

/**
 * Services in SOAP 1.1 and 1.2, document/literal. Out: a call for each document of the mapping. In: records that an
 * operation answers with, called again and again (`poll`), and messages that the platform sends to us (`hook`).
 */
export const soapKind = {
  mapping: 'required',
  rules: soapRules,

  async create(config: SoapConfig, context: AdapterContext, mapping: Mapping | undefined): Promise<Adapter> {
    const { service, problems } = await serviceOf(config);
    problems.push(...(await soapAuthProblems(config.auth, '/auth')));
    if (config.poll?.pages && !context.state)
      problems.push({ pointer: '/poll/pages', code: 'STATE', message: 'needs a place to keep how far it has read' });
    const words = config.hook && new SoapPushes(config, config.hook, service.namespace, context);
    problems.push(...((await words?.problems('/hook')) ?? []));
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the settings cannot be used', problems);
    const { version = '1.1', auth, lists = [], prefixes = {}, poll } = config;
    const { url, operations } = service;
    const client =
      url === undefined ? undefined : await PlatformClient.open({ ...config, url, auth: NO_AUTH }, context);
    const soap = client && new SoapClient({ version, auth, lists, prefixes, operations }, client, context);
    const reader = { platform: config.name, mapping: mapping!, openFile: noFiles };
    const polled = poll && soap && new PollSource(poll, new SoapList(poll, soap), reader, context);
    const hook = words && new PushSource(config.hook!, words, reader, context);
    const sources = [polled, hook].filter((source) => source !== undefined);

    return {
      kind: 'soap',
      name: config.name,
      ...(soap && { sink: sinkOf(soap, mapping!, context) }),
      ...(sources.length > 0 && { source: together(sources) }),
      ...(hook && { hook }),
      async close() {
        await Promise.all(sources.map((source) => source.stop()));
        client?.close();
      },
    };
  },
} as const;

function sinkOf(soap: SoapClient, mapping: Mapping, context: AdapterContext): DeliverySink {
  return mappedSink(mapping, context, async ({ id, document }, signal) => {
    const problems: Problem[] = [];
    documentRule(document, '', problems);
    if (problems.length > 0) throw new PlatformError(false, `the document is no call: ${listed(problems)}`);
    const { operation, body } = document as { operation: string; body: unknown };
    return soap.call(id, operation, body ?? {}, signal);
  });
}

function listed(problems: readonly Problem[]): string {
  return problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
}
