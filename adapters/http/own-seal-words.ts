import { list, type Problem, type Rule, text } from '#proto';
import { fromBase64 } from '../base64.ts';
import { SealError, type SealRequest } from '../seal.ts';
import type { ClientAnswer } from './client.ts';
import { valueAt } from './json.ts';
import type { SealWords } from './seal-words.ts';

/** Members of a request, in the names of docs/e-seal.md. */
export const MEMBERS = [
  'request_id',
  'signatory',
  'seal',
  'document',
  'media_type',
  'place',
  'reason',
  'authority',
] as const;
type Member = (typeof MEMBERS)[number];
/** What a service calls the members of a request, where it is not as we do. */
export type MemberNames = Partial<Record<Member, string | null>>;

const DEFAULT_ANSWER = 'document';
const JSON_TYPE = 'application/json';
/** Answers of the 4xx range that say nothing about the document (RFC 9110, 15.5.9; RFC 6585, 4). */
const PASSING = new Set([408, 429]);

/** What the list of seals must be. Other members are for later versions and are not looked at. */
const listRule: Rule = list(text(128), 1000);

/**
 * Our own words (docs/e-seal.md): one POST of JSON for each document, which comes back in its answer.
 *
 * @param where the sealed document is in the answer: names with dots between
 */
export function ownSealWords(base: URL, names: MemberNames, where: string = DEFAULT_ANSWER): SealWords {
  return {
    async ask(request) {
      const headers = { accept: JSON_TYPE, 'content-type': JSON_TYPE };
      return { id: request.requestId, url: base, headers, body: encode(request, names) };
    },
    async sealed(_request, answer) {
      demandAnswered(base.host, answer);
      if (!answer.body) throw malformed(base.host, 'is longer than a sealed document can be');
      const found = valueAt(parse(answer.body), where);
      const document = typeof found === 'string' ? fromBase64(found) : undefined;
      if (!document) throw malformed(base.host, `has no document in base64 as ${where}`);
      return document;
    },
    async askSeals() {
      return { id: 'seals', url: base, headers: { accept: JSON_TYPE } };
    },
    async seals(answer) {
      // Services of others have no such list.
      if (answer.status === 404 || answer.status === 405) return undefined;
      demandAnswered(base.host, answer);
      const names = answer.body && valueAt(parse(answer.body), 'seals');
      const problems: Problem[] = [];
      listRule(names, '', problems);
      return problems.length > 0 ? undefined : (names as string[]);
    },
  };
}

function encode(request: SealRequest, names: MemberNames): Buffer {
  const { requestId, signatory, seal, document, mediaType, place, reason, authority } = request;
  const members: Record<Member, unknown> = {
    request_id: requestId,
    signatory,
    seal,
    document: document.toString('base64'),
    media_type: mediaType,
    place,
    reason,
    authority,
  };
  const renamed = MEMBERS.map((member) => [names[member] ?? member, members[member]]);
  return Buffer.from(JSON.stringify(Object.fromEntries(renamed)));
}

function demandAnswered(host: string, { status }: ClientAnswer): void {
  if (status === 200) return;
  const answered = `the seal service at ${host} answered ${status}`;
  if (status >= 500 || PASSING.has(status)) throw new SealError('unavailable', answered);
  if (status >= 400) throw new SealError('refused', answered);
  throw new SealError('malformed', `${answered}, which its protocol does not have`);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function malformed(host: string, why: string): SealError {
  return new SealError('malformed', `the answer of the seal service at ${host} ${why}`);
}
