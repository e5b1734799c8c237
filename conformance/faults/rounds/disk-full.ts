import { execFile } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { atMoments, type Ground, type Play, type Round } from '../round.ts';
import { limitFiles, SmallDisk } from '../stage/full-disk.ts';

/** MiB of the disk: room for both regions, and for a server of PostgreSQL with a log of its own of up to 1 GiB; soon filled. */
const DISK_MIB = { sqlite: 700, postgres: 3072 } as const;
/** Milliseconds that a disk stays full, at least and at most. */
const LASTS_MS = [500, 2500] as const;

export const diskFull: Round = {
  name: 'disk-full',
  title: { zh: '磁盘写满', en: 'the disk is full' },
  async absent(store) {
    if (await mayMount()) return undefined;
    if (store === 'postgres') return '此处不允许挂载 tmpfs / no tmpfs may be mounted here';
    return (await hasPrlimit()) ? undefined : '既不能挂载 tmpfs,也没有 prlimit / neither tmpfs nor prlimit';
  },
  async prepare({ store }): Promise<Ground> {
    if (await mayMount()) return { diskMib: DISK_MIB[store], disturb: (play) => atMoments(play, () => fillDisk(play)) };
    return { disturb: (play) => atMoments(play, () => refuseWrites(play)) };
  },
};

async function fillDisk(play: Play): Promise<void> {
  const { stage } = play;
  await stage.disk!.fill();
  await whileFull(play);
  await stage.disk!.free();
  await startWhatEnded(play);
}

/** No file of one gateway grows any more. */
async function refuseWrites(play: Play): Promise<void> {
  const { stage, random } = play;
  const { pid } = random.of(stage.regions);
  if (pid === undefined) return;
  await limitFiles(pid, 0);
  await whileFull(play);
  await limitFiles(pid, 'unlimited').catch(() => {});
  await startWhatEnded(play);
}

/** What ended for want of room is started again by whoever runs it. */
async function startWhatEnded({ stage }: Play): Promise<void> {
  if (stage.server && !stage.server.isRunning) await stage.server.start();
  for (const region of stage.regions) if (!region.isRunning) await region.start();
}

async function whileFull({ random, signal }: Play): Promise<void> {
  await pause(LASTS_MS[0] + random.below(LASTS_MS[1] - LASTS_MS[0]), undefined, { signal }).catch(() => {});
}

async function mayMount(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-mount-'));
  try {
    await (await SmallDisk.mount(folder, 1)).remove();
    return true;
  } catch {
    return false;
  } finally {
    await rmdir(folder).catch(() => {});
  }
}

async function hasPrlimit(): Promise<boolean> {
  return promisify(execFile)('prlimit', ['--version']).then(
    () => true,
    () => false,
  );
}
