import { createHmac, timingSafeEqual } from 'node:crypto';

/** A request may carry several signatures while a secret is being replaced; more than this is abuse. */
const MAX_SIGNATURES = 8;

type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Reads a shared secret as it stands in its file: base64, with or without the prefix `whsec_`.
 *
 * @returns the bytes, or undefined when the text is not base64
 */
export function decodeSecret(secret: string): Buffer | undefined {
  const base64 = secret.trim().replace(/^whsec_/, '');
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length > 0 && withoutPadding(bytes.toString('base64')) === withoutPadding(base64) ? bytes : undefined;
}

/**
 * The three headers by which a platform knows the sender (Standard Webhooks 1.0, symmetric signatures).
 *
 * @param id the event's id
 * @param nowMs time of this attempt, in ms since 1970
 * @param body the exact bytes of the request body
 * @param secret decoded bytes
 */
export function signWebhook(id: string, nowMs: number, body: Uint8Array, secret: Uint8Array): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature(id, timestamp, body, secret).toString('base64')}`,
  };
}

/**
 * What a platform does with an incoming webhook before it believes it. A good answer proves sender, `webhook-id`, body
 * and time; whether the same `webhook-id` came before is for the platform to remember.
 *
 * @param headers with lower-case names, as node:http gives them
 * @param body the exact bytes of the request body, before any parsing
 * @param secret as it stands in the secret file
 * @param nowMs the platform's clock, in ms since 1970
 * @param toleranceMs how far the sender's clock may be off, in ms
 */
export function verifyWebhook(
  headers: HeaderValues,
  body: Uint8Array,
  secret: string,
  nowMs: number,
  toleranceMs: number,
): { ok: true; id: string } | { ok: false; reason: string } {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signatures = headers['webhook-signature'];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string')
    return { ok: false, reason: 'lacks webhook-id, webhook-timestamp or webhook-signature' };
  if (!/^\d{1,12}$/.test(timestamp)) return { ok: false, reason: 'has a webhook-timestamp that is not in seconds' };
  if (Math.abs(nowMs - Number(timestamp) * 1000) > toleranceMs)
    return { ok: false, reason: 'was not sent just now; check both clocks' };
  const key = decodeSecret(secret);
  if (!key) return { ok: false, reason: 'cannot be checked: the secret is not base64' };
  const expected = signature(id, timestamp, body, key);
  const genuine = signatures
    .split(' ')
    .slice(0, MAX_SIGNATURES)
    .some((entry) => entry.startsWith('v1,') && sameBytes(Buffer.from(entry.slice(3), 'base64'), expected));
  return genuine ? { ok: true, id } : { ok: false, reason: 'has a wrong signature' };
}

function signature(id: string, timestamp: string, body: Uint8Array, secret: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest();
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function withoutPadding(base64: string): string {
  return base64.replace(/=+$/, '');
}
