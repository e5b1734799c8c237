import { createHash } from 'node:crypto';
import { type AdapterContext, PlatformError } from '../adapter.ts';
import { fileFromBase64 } from '../base64.ts';
import { headerText } from '../cloud-event.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { newStandIn } from '../mapping/stand-in.ts';
import { SealError, type SealRequest } from '../seal.ts';
import type { ServiceQuestion } from '../services/answers.ts';
import { demandReadable, mappedWords, type ServiceRequest } from '../services/service-words.ts';
import type { ClientAnswer, ClientRequest } from './client.ts';
import { readJson } from './json.ts';
import { requestOf } from './mapped-request.ts';
import { MAX_REST_BYTES, type SealWords } from './seal-words.ts';
import { verdict } from './verdict.ts';

/** Texts of an answer that are longer are kept aside: the mapping moves them and does not see them. */
const MAX_SEEN_TEXT = 1024;
const ID_HEADER = 'idempotency-key';
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What the mapping says of a sealed document. */
interface SealedAnswer {
  readonly document?: string | null;
  readonly file?: string | null;
}

/**
 * The words of a mapping. The document itself never enters it, going out or coming back: a stand-in (占位) does, and where the
 * mapping puts that, the bytes are put. So no mapping reads what is sealed, and none has to move megabytes.
 *
 * @param headers that the mapping may set
 */
export function mappedSealWords(
  base: URL,
  mapping: Mapping,
  headers: readonly string[],
  context: Pick<AdapterContext, 'now' | 'region'>,
): SealWords {
  const words = mappedWords(mapping, context);

  async function say(call: 'seal-request' | 'seal-list', request: ServiceRequest): Promise<ClientRequest> {
    const said = requestOf(headerText(request.id), await words.say(call, request), base, headers);
    return { ...said, headers: { ...said.headers, [ID_HEADER]: said.id } };
  }

  /** What an answer means, in our own words. @throws SealError */
  async function said<T>(call: ServiceQuestion, request: ServiceRequest, answer: unknown): Promise<T | undefined> {
    await words.demandTaken(answer).catch(asSealError('refused'));
    const found = await words.said(call, request, answer).catch(asSealError('malformed'));
    if (found === undefined) return undefined;
    try {
      demandReadable(found, call);
    } catch (error) {
      asSealError('malformed')(error);
    }
    return found as T;
  }

  function jsonIn(answer: ClientAnswer): unknown {
    const { status, headers: said, body } = answer;
    if (status >= 300 && status < 400) throw malformed(base.host, 'is that it is elsewhere; give its right address');
    if (body && bytesBesideTexts(body) > MAX_REST_BYTES)
      throw malformed(base.host, `has more than ${MAX_REST_BYTES} bytes beside its texts`);
    const failure = verdict(
      base.host,
      { status, retryAfter: said['retry-after'] },
      context.now(),
      'request for a seal',
    );
    if (failure) throw sealError(failure, 'refused');
    const read = body && readJson(body, said);
    if (!read?.ok) throw malformed(base.host, 'cannot be read');
    return read.value;
  }

  return {
    async ask(request) {
      const standIn = newStandIn();
      try {
        const said = await say('seal-request', { ...requestWords(request), document: standIn } as ServiceRequest);
        return withDocument(said, standIn, request.document);
      } catch (error) {
        return asSealError('refused')(error);
      }
    },
    async sealed(request, answer) {
      const aside = new LongTexts();
      const short = aside.replaceIn(jsonIn(answer));
      if (JSON.stringify(short).length > MAX_REST_BYTES)
        throw malformed(base.host, `has more than ${MAX_REST_BYTES} bytes beside the document`);
      const found = await said<SealedAnswer>('seal-request', requestWords(request), short);
      if (!found) throw malformed(base.host, 'means nothing to its mapping');
      if (found.file) return { file: aside.textOf(found.file) };
      const document = fileFromBase64(aside.textOf(found.document ?? ''))?.bytes;
      if (!document) throw malformed(base.host, 'has no document in base64 where its mapping looks');
      return document;
    },
    async askSeals() {
      if (!(await words.knows('seal-list'))) return undefined;
      return say('seal-list', { id: 'seals' }).catch(asSealError('refused'));
    },
    async seals(answer) {
      const found = await said<{ readonly seals: readonly string[] }>('seal-list', { id: 'seals' }, jsonIn(answer));
      return found?.seals;
    },
  };
}

/** What a mapping sees of a request: everything but the document. */
function requestWords(request: SealRequest): ServiceRequest {
  const { requestId, document, ...seen } = request;
  const sha256 = createHash('sha256').update(document).digest('hex');
  return { id: requestId, ...seen, bytes: document.length, sha256 } as ServiceRequest;
}

/** Puts the document where its stand-in is. @throws PlatformError unless it is once in the body, and nowhere else */
function withDocument(request: ClientRequest, standIn: string, document: Buffer): ClientRequest {
  const { url, headers = {}, body } = request;
  const sent = Buffer.from(body ?? []);
  const at = sent.indexOf(standIn);
  const isOnce = at >= 0 && sent.indexOf(standIn, at + 1) < 0;
  const isElsewhere = url.href.includes(standIn) || Object.values(headers).some((value) => value.includes(standIn));
  if (!isOnce || isElsewhere)
    throw new PlatformError(false, 'the mapping must put event.data.document once into the body, and nowhere else');
  const isForm = headers['content-type'] !== 'application/json';
  const base64 = document.toString('base64');
  const bytes = Buffer.from(isForm ? encodeURIComponent(base64) : base64, 'latin1');
  return { ...request, body: Buffer.concat([sent.subarray(0, at), bytes, sent.subarray(at + standIn.length)]) };
}

/**
 * Bytes outside of the texts of a JSON, their quotes included, as far as they matter: millions of small values take seconds
 * to read, and no answer about one document has them.
 */
function bytesBesideTexts(json: Buffer): number {
  let beside = 0;
  let at = 0;
  while (beside <= MAX_REST_BYTES) {
    const quote = json.indexOf(QUOTE, at);
    if (quote < 0) return beside + json.length - at;
    beside += quote - at + 2;
    let end = json.indexOf(QUOTE, quote + 1);
    while (end > 0 && isEscaped(json, end)) end = json.indexOf(QUOTE, end + 1);
    if (end < 0) return beside;
    at = end + 1;
  }
  return beside;
}

function isEscaped(json: Buffer, quote: number): boolean {
  let slashes = 0;
  while (json[quote - 1 - slashes] === BACKSLASH) slashes += 1;
  return slashes % 2 === 1;
}

/** The long texts of one answer, by the stand-ins that the mapping sees in their place. */
class LongTexts {
  readonly #standIn = newStandIn();
  readonly #texts: string[] = [];

  replaceIn(value: unknown): unknown {
    if (typeof value === 'string') return value.length > MAX_SEEN_TEXT ? this.#keep(value) : value;
    if (Array.isArray(value)) return value.map((entry) => this.replaceIn(entry));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.replaceIn(inner)]));
  }

  /** A text that the mapping moved; any other text is itself. */
  textOf(moved: string): string {
    const [standIn, index] = moved.split('-');
    return standIn === this.#standIn ? (this.#texts[Number(index)] ?? '') : moved;
  }

  #keep(text: string): string {
    this.#texts.push(text);
    return `${this.#standIn}-${this.#texts.length - 1}`;
  }
}

function asSealError(otherwise: 'refused' | 'malformed') {
  return (error: unknown): never => {
    throw error instanceof PlatformError ? sealError(error, otherwise) : error;
  };
}

function sealError(cause: PlatformError, otherwise: 'refused' | 'malformed'): SealError {
  return new SealError(cause.retryable ? 'unavailable' : otherwise, cause.message, { cause });
}

function malformed(host: string, why: string): SealError {
  return new SealError('malformed', `the answer of the seal service at ${host} ${why}`);
}
