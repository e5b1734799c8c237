import { setTimeout as pause } from 'node:timers/promises';
import type { Play, Round } from '../round.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Milliseconds that signing and TLS keys live (docs/keys.md): two years. */
const LIFETIME_MS = 731 * DAY_MS;
/** Milliseconds from the making of the sender's keys until they end: time enough to start and to agree. */
const LEFT_MS = 45_000;
/** Milliseconds beyond the end, since a certificate counts whole seconds. */
const BEYOND_MS = 2_000;
/** Milliseconds during which nothing can pass. */
const STANDSTILL_MS = 3_000;

/** Shares of the cases that are handed in before the end, and before the renewal; the rest comes after it. */
const BEFORE = 0.4;
const MEANWHILE = 0.7;
/** Keys of that lifetime. */
const ENDING = ['tls', 'signing'];
export const certificateExpired: Round = {
  name: 'certificate-expired',
  title: {
    zh: '发送方的 TLS 证书和签名密钥中途到期,再换新',
    en: "the sender's TLS certificate and signing key end in mid-flight, and are renewed",
  },
  prepare: async () => ({ senderMadeAt: LEFT_MS - LIFETIME_MS, firstShare: BEFORE, disturb: renewLate }),
};

async function renewLate({ stage, load, signal, now }: Play): Promise<void> {
  const { sender, receiver } = stage;
  await load.reached(BEFORE);
  const { keys } = await sender.tongban<{ keys: readonly { purpose: string; until: number }[] }>(['key', 'list']);
  const ends = keys.filter(({ purpose }) => ENDING.includes(purpose)).map(({ until }) => until);
  await pause(Math.max(0, Math.max(...ends) + BEYOND_MS - now()), undefined, { signal });
  // What was connected stays so; from here on no handshake succeeds any more.
  for (const way of [stage.ways.toReceiver, stage.ways.toSender]) way.cut();
  load.allow(MEANWHILE);
  await load.reached(MEANWHILE);
  const waiting = () => sender.api.metric('tongban_outbox_pending');
  const before = await waiting();
  await pause(STANDSTILL_MS, undefined, { signal });
  const after = await waiting();
  if (before === 0 || after < before)
    throw new Error(`something passed with keys that ended: ${after} of ${before} envelopes wait`);
  const { gateway } = await sender.tongban<{ gateway: string }>(['key', 'rotate', '--all']);
  if (gateway !== 'running') throw new Error(`the gateway was not told of its new keys: ${gateway}`);
  const statement = await sender.readStatement();
  // The way over which the new statement would travel is closed: the operators exchange it, as docs/keys.md says.
  await receiver.security.post('/v1/peers', { statement, fingerprint: sender.fingerprint });
  load.allow(1);
}
