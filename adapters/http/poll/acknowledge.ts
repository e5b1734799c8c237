import { ERROR_CODES } from '#proto';
import { PlatformError, type SubmissionOutcome } from '../../adapter.ts';
import type { ClientRequest } from '../client.ts';
import { valueAt } from '../json.ts';
import { below, type QueryValues } from '../place.ts';
import type { AckConfig } from './poll-config.ts';

const JSON_TYPE = 'application/json';

/**
 * The request that tells a platform what became of its record.
 *
 * @throws PlatformError final, when the record lacks what the request needs
 */
export function ackOf(
  config: AckConfig,
  id: string,
  record: unknown,
  outcome: SubmissionOutcome,
  base: URL,
): ClientRequest {
  const { method = 'POST', path, query, body, accepted = 'accepted', refused = 'refused' } = config;
  const word = outcome.ok ? accepted : refused;
  let isWhole = true;
  const step = (value: string) => {
    isWhole &&= value !== '';
    return encodeURIComponent(value.toWellFormed());
  };
  const filled = filledText(path, record, outcome, word, step);
  const url = below(base, filled, fill(query ?? {}, record, outcome, word) as QueryValues);
  if (!url || !isWhole) throw new PlatformError(false, 'a record lacks what its acknowledgement needs for its path');
  const headers = { accept: JSON_TYPE };
  if (body === undefined || method === 'GET') return { id, url, method, headers };
  const bytes = Buffer.from(JSON.stringify(fill(body, record, outcome, word)));
  return { id, url, method, headers: { ...headers, 'content-type': JSON_TYPE }, body: bytes };
}

type Word = string | number;

/**
 * Every text of a JSON value with its places filled in: `{outcome}`, `{conversation}`, `{caseNumber}`, `{code}`,
 * `{reason}`, and `{record.PATH}` for what stands in the record. A text that is nothing but such a place becomes the value
 * itself, a number too.
 */
export function fill(value: unknown, record: unknown, outcome: SubmissionOutcome, word: Word): unknown {
  if (typeof value === 'string') {
    const only = /^\{([^{}]+)\}$/.exec(value)?.[1];
    return only === undefined
      ? filledText(value, record, outcome, word, String)
      : (said(only, record, outcome, word) ?? null);
  }
  if (Array.isArray(value)) return value.map((one) => fill(one, record, outcome, word));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fill(one, record, outcome, word)]));
}

function filledText(
  template: string,
  record: unknown,
  outcome: SubmissionOutcome,
  word: Word,
  encode: (value: string) => string,
): string {
  return template.replaceAll(/\{([^{}]+)\}/g, (_, name: string) =>
    encode(String(said(name, record, outcome, word) ?? '')),
  );
}

function said(name: string, record: unknown, outcome: SubmissionOutcome, word: Word): unknown {
  if (name === 'outcome') return word;
  if (name.startsWith('record.')) return valueAt(record, name.slice('record.'.length));
  if (outcome.ok) return name === 'conversation' || name === 'caseNumber' ? outcome[name] : '';
  if (name === 'code') return outcome.code;
  return name === 'reason' ? reasonOf(outcome) : '';
}

/** In words: what is wrong and where, as far as an answer has room. */
function reasonOf({ code, problems }: Extract<SubmissionOutcome, { ok: false }>): string {
  const listed = problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
  return `${ERROR_CODES[code].zh}${listed && `: ${listed}`}`.slice(0, 500);
}
