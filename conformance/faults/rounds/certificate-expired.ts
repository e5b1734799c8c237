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

export const certificateExpired: Round = {
  name: 'certificate-expired',
  title: {
    zh: '发送方的 TLS 证书和签名密钥中途到期,再换新',
    en: "the sender's TLS certificate and signing key end in mid-flight, and are renewed",
  },
  prepare: async ({ now }) => {
    const endsAt = now() + LEFT_MS;
    return { senderMadeAt: LEFT_MS - LIFETIME_MS, disturb: (play) => renewLate(play, endsAt) };
  },
};

async function renewLate({ stage, load, random, signal, now }: Play, endsAt: number): Promise<void> {
  await load.reached((50 + random.below(300)) / 1000);
  await pause(Math.max(0, endsAt + BEYOND_MS - now()), undefined, { signal });
  // What was connected stays so; from here on no handshake succeeds any more.
  for (const way of [stage.ways.toReceiver, stage.ways.toSender]) way.cut();
  await pause(STANDSTILL_MS, undefined, { signal });
  const { sender, receiver } = stage;
  // All were made at once and ended at once: each command but the last makes its key and says which other is missing.
  for (const purpose of ['tls', 'signing', 'seal']) await sender.tongban(['key', 'rotate', purpose]).catch(() => {});
  await sender.tongban(['key', 'rotate', 'certificate']);
  const statement = await sender.readStatement();
  // The way over which the new statement would travel is closed: the operators exchange it, as docs/keys.md says.
  await receiver.security.post('/v1/peers', { statement, fingerprint: sender.fingerprint });
}
