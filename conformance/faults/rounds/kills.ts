import { setTimeout as pause } from 'node:timers/promises';
import { atMoments, type Play, type Round } from '../round.ts';
import { missingPostgres } from '../stage/postgres-server.ts';

/** Milliseconds that the killed one stays away, at most. */
const AWAY_MS = 400;

export const killSender: Round = {
  name: 'kill-sender',
  title: { zh: '发送方被 kill -9', en: 'the sender is killed with -9' },
  prepare: async () => ({ disturb: (play) => atMoments(play, () => killAndStart(play, play.stage.sender)) }),
};

export const killReceiver: Round = {
  name: 'kill-receiver',
  title: { zh: '接收方被 kill -9', en: 'the receiver is killed with -9' },
  prepare: async () => ({ disturb: (play) => atMoments(play, () => killAndStart(play, play.stage.receiver)) }),
};

export const killDatabase: Round = {
  name: 'kill-database',
  title: { zh: '双方的数据库被 kill -9', en: 'the database of both is killed with -9' },
  absent: async (store) =>
    store === 'postgres' ? missingPostgres() : 'SQLite 没有数据库进程 / SQLite has no process of its own',
  prepare: async () => ({
    disturb: (play) =>
      atMoments(play, async () => {
        const { server, regions } = play.stage;
        await killAndStart(play, server!);
        // A gateway may decide to end when its database is gone; whoever runs it starts it again.
        for (const region of regions) if (!region.isRunning) await region.start();
      }),
  }),
};

async function killAndStart(
  { random, killed }: Play,
  victim: { kill(): Promise<void>; start(): Promise<void> },
): Promise<void> {
  await victim.kill();
  killed();
  await pause(random.below(AWAY_MS));
  await victim.start();
}
