import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { GatewayConfig } from '../../../config/config.ts';
import { humanSize } from '../../format.ts';
import { type Finding, fine, type Remedy, warning, wrong } from '../finding.ts';

const what = 'disk';

/** Bytes below which an operator should make room, and below which the gateway may stop any moment. */
const ROOM_WARNING = 10 * 1024 ** 3;
const ROOM_WRONG = 1024 ** 3;
/** The same in files that can still be made: materials are one file each. */
const FILES_WARNING = 100_000;
const FILES_WRONG = 10_000;

const MAKE_ROOM: Remedy = {
  zh: '按手册清理或扩容;不要删除数据目录中的任何文件',
  en: 'make room as the page says; do not delete anything in the data folder',
  page: 'disk-full',
};

/** What is free on a disk. */
export interface Room {
  readonly bytes: number;
  /** Files that can still be made; undefined on disks without such a limit. */
  readonly files: number | undefined;
}

/** Whether there is room for what comes, on each disk that holds data. */
export async function checkDisks({ data, store, limits }: GatewayConfig): Promise<Finding[]> {
  const folders = new Map<number, string>();
  for (const folder of [...(store.kind === 'sqlite' ? [dirname(store.path)] : []), data]) {
    const found = await stat(folder).catch(() => undefined);
    if (found) folders.set(found.dev, folder);
  }
  const findings: Finding[] = [];
  for (const folder of folders.values()) {
    const { bavail, bsize, files, ffree } = await statfs(folder);
    const room = { bytes: bavail * bsize, files: files > 0 ? ffree : undefined };
    findings.push(judgeRoom(folder, room, limits.stagingBytesPerPeer));
  }
  return findings;
}

/** @param stagingBytes what one peer may lay down before anything of it is used */
export function judgeRoom(folder: string, { bytes, files }: Room, stagingBytes: number): Finding {
  const free = humanSize(bytes);
  const words = { zh: `${folder} 所在磁盘剩余 ${free}`, en: `${free} are free on the disk of ${folder}` };
  if (bytes < ROOM_WRONG) return wrong(what, words, MAKE_ROOM);
  if (files !== undefined && files < FILES_WARNING) {
    const left = {
      zh: `${words.zh},但只能再建 ${files} 个文件(inode)`,
      en: `${words.en}, but for ${files} files (inodes) only`,
    };
    return files < FILES_WRONG ? wrong(what, left, MAKE_ROOM) : warning(what, left, MAKE_ROOM);
  }
  if (bytes >= ROOM_WARNING && bytes >= stagingBytes) return fine(what, words);
  const need = humanSize(Math.max(ROOM_WARNING, stagingBytes));
  return warning(what, { zh: `${words.zh},少于 ${need}`, en: `${words.en}, less than ${need}` }, MAKE_ROOM);
}
