import { both, CodedError, fields, list, optional, type Problem, type Rule, text } from '#proto';
import { type AdapterContext, PlatformError } from '../adapter.ts';
import { absolutePath } from '../config-rules.ts';
import { openMapping } from '../mapping/open-mapping.ts';
import { SEAL_LIMITS, SealError, type SealRequest, type SealService } from '../seal.ts';
import { CLIENT_RULES, type ClientAnswer, type ClientConfig, type ClientRequest, PlatformClient } from './client.ts';
import { mappedHeaderRule } from './mapped-request.ts';
import { mappedSealWords } from './mapped-seal-words.ts';
import { MEMBERS, type MemberNames, ownSealWords } from './own-seal-words.ts';
import { atSameHost } from './place.ts';
import { headerName } from './proof.ts';
import { MAX_REST_BYTES } from './seal-words.ts';

interface HttpSealConfig extends ClientConfig {
  /** What the service calls the members of a request, where it is not as we do. */
  readonly fields?: MemberNames | null;
  /** Where the sealed document is in the answer: names with dots between. */
  readonly answer?: string | null;
  /** File of the mapping, where other names are not enough. */
  readonly mapping?: string | null;
  /** Headers that the mapping may set. */
  readonly headers?: readonly string[] | null;
}

type Lent = Pick<AdapterContext, 'now' | 'region' | 'log'>;

/** A seal is set by a device, and a picture drawn: longer than other platforms take. */
const DEFAULT_TIMEOUT_MS = 20_000;
/** Characters of the address of a file. */
const MAX_ADDRESS = 2048;
const MAX_LIST_BYTES = 256 * 1024;
const MAX_SEALED_BYTES = SEAL_LIMITS.documentBytes + SEAL_LIMITS.addedBytes;

const name = text(64, { pattern: /^[A-Za-z_][\w-]*$/, hint: 'must be a name of letters, digits, - and _' });
const path = text(200, { pattern: /^[\w-]+(\.[\w-]+){0,4}$/, hint: 'must be names with dots between' });

/** What the settings of a service may say, the list of seals left out. */
const rules: Rule = both(
  fields({
    ...CLIENT_RULES,
    fields: optional(fields(Object.fromEntries(MEMBERS.map((member) => [member, optional(name)])))),
    answer: optional(path),
    mapping: optional(absolutePath),
    headers: optional(list(both(headerName, mappedHeaderRule), 20)),
  }),
  (value, pointer, problems) => {
    const { mapping, headers, fields: names, answer } = value as HttpSealConfig;
    for (const [one, given] of Object.entries({ fields: names, answer }))
      if (mapping && given) problems.push({ pointer: `${pointer}/${one}`, code: 'DUPLICATE', message: SAID_THERE });
    if (headers && !mapping)
      problems.push({
        pointer: `${pointer}/headers`,
        code: 'UNKNOWN_FIELD',
        message: 'only a mapping can set headers',
      });
  },
);
const SAID_THERE = 'is said by the mapping; leave one of them out';

/**
 * A service over HTTP that seals and signs (docs/e-seal.md): every document is one request, and comes back in its answer, or
 * as a file at the same host. It is never asked twice by itself: the caller asks again, with the same id.
 *
 * @throws CodedError CONFIG_INVALID with every wrong setting by its pointer
 */
export async function createHttpSeal(settings: unknown, context: Lent): Promise<SealService> {
  const problems: Problem[] = [];
  rules(settings, '', problems);
  const config = settings as HttpSealConfig;
  const mapping = problems.length === 0 && config.mapping && (await openMapping(config.mapping, context, problems));
  if (problems.length > 0)
    throw new CodedError('CONFIG_INVALID', 'the settings of the seal service are wrong', problems);
  const client = await PlatformClient.open({ ...config, timeout_ms: config.timeout_ms ?? DEFAULT_TIMEOUT_MS }, context);
  const words = mapping
    ? mappedSealWords(client.base, mapping, config.headers ?? [], context)
    : ownSealWords(client.base, config.fields ?? {}, config.answer ?? undefined);

  return {
    async seal(request, signal) {
      const answer = await send(client, await words.ask(request), signal, mostOf(request));
      const sealed = await words.sealed(request, answer);
      return { document: Buffer.isBuffer(sealed) ? sealed : await readFile(client, sealed.file, signal) };
    },
    async seals(signal) {
      const question = await words.askSeals();
      return question && words.seals(await send(client, question, signal, MAX_LIST_BYTES));
    },
    async close() {
      client.close();
    },
  };
}

/** Bytes of an answer to a request, the document in base64 with line breaks. */
function mostOf({ document }: SealRequest): number {
  return Math.ceil(((document.length + SEAL_LIMITS.addedBytes) / 3) * 4 * 1.03) + MAX_REST_BYTES;
}

/** @throws SealError unavailable, when there is no answer */
async function send(
  client: PlatformClient,
  request: ClientRequest,
  signal: AbortSignal,
  maxBytes: number,
): Promise<ClientAnswer> {
  try {
    return await client.send(request, signal, maxBytes);
  } catch (cause) {
    if (!(cause instanceof PlatformError)) throw cause;
    throw new SealError('unavailable', `no answer of the seal service: ${cause.message}`, { cause });
  }
}

/** @throws SealError */
async function readFile(client: PlatformClient, file: string, signal: AbortSignal): Promise<Buffer> {
  const url = file.length > MAX_ADDRESS ? undefined : atSameHost(client.base, file);
  if (!url) throw new SealError('malformed', `the sealed document is not at the host of the service, ${client.host}`);
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of (await client.openFile(url, signal)) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_SEALED_BYTES)
        throw new SealError('malformed', 'the answer of the seal service is longer than a sealed document can be');
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    if (!(cause instanceof PlatformError)) throw cause;
    throw new SealError(cause.retryable ? 'unavailable' : 'refused', cause.message, { cause });
  }
}
