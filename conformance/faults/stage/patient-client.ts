import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { answerTo, type GatewayApi } from '../../bench/gateways/gateway-api.ts';

/** Milliseconds between two attempts. */
const AGAIN_MS = 100;
/** Milliseconds that one attempt may take. */
const ATTEMPT_MS = 30_000;

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
}

export interface Told<T> {
  readonly status: number;
  readonly body: T;
}

/**
 * Asks a gateway that may be away until it answers: no connection, a broken one, a conflict with a request that is under way,
 * 401 (a clock is wrong), 429 and 5xx are asked again, as a platform does.
 *
 * @throws Error when the signal ends it first, with the last reason
 */
export async function askUntilAnswered<T>(api: GatewayApi, question: Question, signal: AbortSignal): Promise<Told<T>> {
  let last = 'never asked';
  while (!signal.aborted) {
    try {
      const told = await askOnce<T>(api, question);
      if (!isPassing(told)) return told;
      last = `${told.status} ${JSON.stringify(told.body)}`;
    } catch (error) {
      last = (error as Error).message;
    }
    await pause(AGAIN_MS);
  }
  throw new Error(`${question.method} ${question.path} was never answered: ${last}`);
}

function isPassing({ status, body }: Told<unknown>): boolean {
  if (status === 409) return (body as { code?: string }).code === 'CONFLICT';
  return status >= 500 || status === 401 || status === 429;
}

async function askOnce<T>(api: GatewayApi, { method, path, body, headers = {} }: Question): Promise<Told<T>> {
  const type = { 'content-type': 'application/json' };
  const call = api.open(method, path, { ...(typeof body === 'string' && type), ...headers });
  call.setTimeout(ATTEMPT_MS, () => call.destroy(new Error('no answer in time')));
  const answer = await answerTo(call.end(body));
  const said = await text(answer);
  return { status: answer.statusCode ?? 0, body: (said === '' ? undefined : JSON.parse(said)) as T };
}
