import { both, CodedError, fields, integer, list, oneOf, optional, type Problem, type Rule } from '#proto';
import type { Adapter, AdapterContext } from '../adapter.ts';
import { adapterName } from '../config-rules.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { CLIENT_RULES, type ClientConfig, PlatformClient } from './client.ts';
import { hookSecretProblems, sharedSecretProblems } from './hook/hook-proof.ts';
import { type HookConfig, hookRule, jsonPushes, PushSource } from './hook/push-source.ts';
import { mappedHeaderRule } from './mapped-request.ts';
import { ListReader } from './poll/list-reader.ts';
import { type PollConfig, pollRule } from './poll/poll-config.ts';
import { PollSource } from './poll/poll-source.ts';
import { headerName } from './proof.ts';
import { filesAt, type RecordReader } from './records.ts';
import { eventSink, type RequestSinkConfig, requestSink } from './sinks.ts';
import { together } from './together.ts';
import { uploadProblems, uploadRule } from './upload.ts';

interface HttpConfig extends Partial<ClientConfig>, RequestSinkConfig {
  readonly name: string;
  /** How events are written where no mapping says it. */
  readonly mode?: 'structured' | 'binary';
  /** Cases of which it is told side by side. */
  readonly at_once?: number;
  readonly poll?: PollConfig;
  readonly hook?: HookConfig;
}

const DEFAULT_AT_ONCE = 4;

const settableHeader: Rule = both(headerName, mappedHeaderRule);

const shape = fields({
  name: adapterName,
  ...CLIENT_RULES,
  url: optional(CLIENT_RULES.url),
  mode: optional(oneOf('structured', 'binary')),
  auth: optional(CLIENT_RULES.auth),
  headers: optional(list(settableHeader, 20)),
  idempotency_header: optional(settableHeader),
  also_taken: optional(list(integer(300, 599), 10)),
  at_once: optional(integer(1, 32)),
  upload: optional(uploadRule),
  poll: optional(pollRule),
  hook: optional(hookRule),
});

/**
 * Platforms that speak HTTP. Out: every event is one POST in CloudEvents 1.0, or the request that a mapping makes of it. In,
 * with a mapping: records that we fetch from a list (`poll`), and records that the platform pushes (`hook`).
 */
export const httpKind = {
  mapping: 'optional',
  rules: (config: unknown, pointer: string, problems: Problem[]) => {
    shape(config, pointer, problems);
    if (typeof config === 'object' && config !== null) demandAddress(config, pointer, problems);
  },

  async create(config: HttpConfig, context: AdapterContext, mapping: Mapping | undefined): Promise<Adapter> {
    const problems = [...mappingProblems(config, mapping, context), ...(await hookProblems(config))];
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the settings cannot be used', problems);
    const { name, url, auth, mode = 'structured' } = config;
    const client = url !== undefined && auth ? await PlatformClient.open({ ...config, url, auth }, context) : undefined;
    const reader = mapping && { platform: name, mapping, openFile: filesAt(client) };
    const { sources, hook } = sourcesOf(config, client, reader, context);

    return {
      kind: 'http',
      name,
      ...(client && {
        sink: {
          ...(mapping ? requestSink(client, config, mapping, context) : eventSink(client, mode, context)),
          atOnce: config.at_once ?? DEFAULT_AT_ONCE,
        },
      }),
      ...(sources.length > 0 && { source: together(sources) }),
      ...(hook && { hook }),
      async close() {
        await Promise.all(sources.map((source) => source.stop()));
        client?.close();
      },
    };
  },
} as const;

function sourcesOf(
  { poll, hook: hookConfig }: HttpConfig,
  client: PlatformClient | undefined,
  reader: RecordReader | undefined,
  context: AdapterContext,
): { sources: (PollSource | PushSource)[]; hook: PushSource | undefined } {
  const polled =
    poll && client && reader && new PollSource(poll, new ListReader(poll, client, context), reader, context);
  const hook = hookConfig && reader && new PushSource(hookConfig, jsonPushes(hookConfig, context), reader, context);
  return { sources: [polled, hook].filter((source) => source !== undefined), hook };
}

/** Only a platform that pushes needs no address. */
function demandAddress(value: object, pointer: string, problems: Problem[]): void {
  const { url, auth, poll, hook } = value as HttpConfig;
  const isNeeded = Boolean(url ?? auth ?? poll) || !hook;
  for (const [name, given] of Object.entries({ url, auth }))
    if (isNeeded && (given === undefined || given === null))
      problems.push({ pointer: `${pointer}/${name}`, code: 'REQUIRED', message: 'is required' });
}

function mappingProblems(
  { auth, poll, hook, upload }: HttpConfig,
  mapping: Mapping | undefined,
  { state }: AdapterContext,
): Problem[] {
  const problems: Problem[] = [];
  if ((poll ?? hook) && !mapping)
    problems.push({ pointer: '/mapping', code: 'REQUIRED', message: 'is required with poll and with hook' });
  if (upload && !mapping)
    problems.push({ pointer: '/upload', code: 'CONFLICT', message: 'needs a mapping, which says what files go out' });
  if (upload) problems.push(...uploadProblems(auth, '/upload'));
  if (poll?.pages && !state)
    problems.push({ pointer: '/poll/pages', code: 'STATE', message: 'needs a place to keep how far it has read' });
  return problems;
}

async function hookProblems({ auth, hook }: HttpConfig): Promise<Problem[]> {
  if (!hook) return [];
  const own = auth && 'secret_file' in auth ? auth.secret_file : undefined;
  const shared = await sharedSecretProblems(hook.auth, own, '/hook/auth');
  return [...(await hookSecretProblems(hook.auth, '/hook/auth')), ...shared];
}
