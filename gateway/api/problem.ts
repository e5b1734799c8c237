import { CodedError, ERROR_CODES, type ErrorCode, type Problem } from '#proto';

/** Media type of every error answer (RFC 9457). */
export const PROBLEM_JSON = 'application/problem+json; charset=utf-8';

/** More wrong fields than this are not listed: the answer stays bounded whatever was sent. */
const MAX_PROBLEMS = 100;

/** An error whose HTTP status or headers say more than its code: 405, 412, 413, 415, a longer Retry-After. */
export class HttpFault extends CodedError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ErrorCode,
    status: number,
    detail: string,
    more: { headers?: Readonly<Record<string, string>>; problems?: readonly Problem[] } = {},
  ) {
    super(code, detail, more.problems ?? []);
    this.status = status;
    this.headers = more.headers ?? {};
  }
}

/** The body of an error answer. */
export interface ProblemDocument {
  /** `urn:tongban:error:CODE`. */
  readonly type: string;
  /** What went wrong, in Chinese. */
  readonly title: string;
  readonly status: number;
  /** Code of the registry: what programs should look at. */
  readonly code: ErrorCode;
  /** What exactly and what to do, in English. */
  readonly detail: string;
  /** `urn:uuid:` and the id of the request, which the log has too. */
  readonly instance?: string;
  /** Every wrong field. Pointers into the body are plain; others begin with /query, /params or /headers. */
  readonly errors: readonly Problem[];
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ProblemDocument;
}

/** The answer to an error with a code. `requestId` is a UUID. */
export function problemAnswer(error: CodedError, requestId?: string): ProblemAnswer {
  const { http, zh } = ERROR_CODES[error.code];
  const status = error instanceof HttpFault ? error.status : http;
  const mayRetry = status === 429 || status === 503;
  return {
    status,
    headers: { ...(mayRetry && { 'retry-after': '1' }), ...(error instanceof HttpFault && error.headers) },
    body: {
      type: `urn:tongban:error:${error.code}`,
      title: zh,
      status,
      code: error.code,
      detail: error.message,
      ...(requestId && { instance: `urn:uuid:${requestId}` }),
      errors: error.problems.slice(0, MAX_PROBLEMS),
    },
  };
}

/**
 * Whatever was thrown, as an error with a code. Messages of libraries are not passed on, because they may quote what
 * was sent; the unexpected becomes INTERNAL and says nothing.
 */
export function codedError(thrown: unknown): CodedError {
  if (thrown instanceof CodedError) return thrown;
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode;
  if (status === 404) return new CodedError('NOT_FOUND');
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new HttpFault('REQUEST_INVALID', status, REASONS[status] ?? 'the request cannot be read');
  return new CodedError('INTERNAL', undefined, [], { cause: thrown });
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'the request cannot be read; is the body well-formed JSON?',
  408: 'the request took too long to arrive',
  413: 'the body is larger than this route accepts',
  414: 'the address is too long',
  415: 'this route does not accept a body of this media type',
  431: 'the headers are too large',
};
