import type { Round } from './round.ts';
import { certificateExpired } from './rounds/certificate-expired.ts';
import { clockJump } from './rounds/clock-jump.ts';
import { diskFull } from './rounds/disk-full.ts';
import { killDatabase, killReceiver, killSender } from './rounds/kills.ts';
import { blackHole, cut, slow } from './rounds/network.ts';
import { poisonedPlatform } from './rounds/poisoned-platform.ts';
import { repeated } from './rounds/repeated.ts';

/** Everything that is done to the two gateways, in this order. */
export const ROUNDS: readonly Round[] = [
  killSender,
  killReceiver,
  killDatabase,
  cut,
  blackHole,
  slow,
  repeated,
  diskFull,
  clockJump,
  certificateExpired,
  poisonedPlatform,
];
