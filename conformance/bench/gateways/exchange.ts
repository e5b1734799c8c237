import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { CASE_INPUT } from '../sample-case.ts';
import { answerTo, type GatewayApi } from './gateway-api.ts';

const NDJSON = 'application/x-ndjson';
/** Lines written at once. */
const LINES = 64;
/** Milliseconds between two looks at the outbox, once nothing more comes in. */
const LOOK_MS = 20;
/** Milliseconds without any progress after which the exchange counts as stuck. */
const STUCK_MS = 30_000;

/**
 * Submits cases in bulk for a while, then waits until every receipt is verified.
 *
 * @returns envelopes per second, from the first line to the last receipt
 * @throws Error when a line is not accepted, or the receipts do not come
 */
export async function measureExchange(receiving: GatewayApi, seconds: number): Promise<number> {
  const start = performance.now();
  const envelopes = await submitFor(receiving, seconds);
  await untilSettled(receiving);
  return (envelopes / (performance.now() - start)) * 1000;
}

/**
 * Submits one case at a time to gateways that have nothing else to do.
 *
 * @returns for each, milliseconds from the request to the first look that shows its receipt verified
 */
export async function measureIdleLatency(receiving: GatewayApi, samples: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const start = performance.now();
    const { conversation } = await receiving.post<{ conversation: string }>('/v1/cases/submit', CASE_INPUT);
    while ((await pendingOf(receiving, conversation)) !== null) {
      if (performance.now() - start > STUCK_MS) throw new Error(`case ${conversation} has no receipt`);
    }
    latencies.push(performance.now() - start);
  }
  return latencies;
}

/** @returns how many cases were accepted */
async function submitFor(receiving: GatewayApi, seconds: number): Promise<number> {
  const call = receiving.open('POST', '/v1/cases/bulk', { 'content-type': NDJSON });
  const head = answerTo(call);
  const feeding = feed(call, performance.now() + seconds * 1000);
  // Whatever fails is told by the answer; a writer that waits for it in vain must not fail beside it.
  feeding.catch(() => {});
  const answer = await head;
  let text = '';
  let accepted = 0;
  answer.setEncoding('utf8');
  for await (const chunk of answer) {
    text += chunk;
    const end = text.lastIndexOf('\n') + 1;
    accepted += countAccepted(text.slice(0, end));
    text = text.slice(end);
  }
  if (answer.statusCode !== 200) throw new Error(`the bulk submit was answered ${answer.statusCode}: ${text}`);
  const written = await feeding;
  if (written !== accepted) throw new Error(`${written} cases were submitted, ${accepted} accepted`);
  return accepted;
}

/** @returns how many lines were written */
async function feed(call: ReturnType<GatewayApi['open']>, end: number): Promise<number> {
  const lines = Buffer.from(`${JSON.stringify(CASE_INPUT)}\n`.repeat(LINES));
  let written = 0;
  while (performance.now() < end) {
    written += LINES;
    if (!call.write(lines)) await once(call, 'drain');
  }
  call.end();
  return written;
}

function countAccepted(lines: string): number {
  const refused = lines.split('\n').find((line) => line.includes('"code"'));
  if (refused) throw new Error(`the gateway did not accept a case: ${refused}`);
  return lines.split('\n').length - 1;
}

async function untilSettled(receiving: GatewayApi): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  let since = performance.now();
  for (;;) {
    const pending = await receiving.metric('tongban_outbox_pending');
    if (pending === 0) return;
    if (pending < least) {
      least = pending;
      since = performance.now();
    } else if (performance.now() - since > STUCK_MS) {
      throw new Error(`${pending} envelopes have waited ${STUCK_MS} ms for a receipt`);
    }
    await pause(LOOK_MS);
  }
}

async function pendingOf(receiving: GatewayApi, conversation: string): Promise<string | null> {
  return (await receiving.get<{ pending: string | null }>(`/v1/cases/${conversation}`)).pending;
}
