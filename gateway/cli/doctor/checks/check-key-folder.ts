import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { GatewayConfig } from '../../../config/config.ts';
import { type Finding, fine, warning, wrong } from '../finding.ts';

const MAX_NAMED = 5;

/** Whether anybody else on this machine can read keys or cases, and whether the identity key is still here. */
export async function checkFolders({ keys, data, store }: GatewayConfig): Promise<Finding[]> {
  const names = await readdir(keys.directory).catch(() => undefined);
  // Without a folder the check of the keys says so.
  if (!names) return [];
  return [
    await judgeKeyFolder(keys.directory, names),
    ...(store.kind === 'sqlite' ? await judgeData(store.path, data) : []),
    ...judgeIdentity(names),
  ];
}

async function judgeKeyFolder(directory: string, names: readonly string[]): Promise<Finding> {
  const paths = [directory, ...names.map((name) => join(directory, name))];
  const open: string[] = [];
  for (const path of paths) {
    const { mode } = await stat(path);
    if (mode & 0o077) open.push(path);
  }
  if (open.length === 0)
    return fine('key folder', { zh: '密钥目录只有属主可以进入', en: 'nobody but its owner can enter the key folder' });
  const named = open.slice(0, MAX_NAMED).join(' ');
  return wrong(
    'key folder',
    { zh: `密钥目录他人可以访问:${named}`, en: `others can get at the key folder: ${named}` },
    {
      zh: `chmod 700 ${directory} && chmod 600 ${directory}/*;若他人可能已读取,按手册更换密钥`,
      en: `chmod 700 ${directory} && chmod 600 ${directory}/*; if somebody may have read them, replace the keys as the page says`,
      page: 'key-folder',
    },
  );
}

/** Cases hold personal data. */
async function judgeData(database: string, data: string): Promise<Finding[]> {
  if (!(await othersCanRead(database))) return [];
  return [
    warning(
      'data folder',
      {
        zh: `本机其他用户可以读取数据库 ${database}`,
        en: `other users of this machine can read the database ${database}`,
      },
      { zh: `chmod 700 ${data}`, en: `chmod 700 ${data}`, page: 'key-folder' },
    ),
  ];
}

/** A file is closed to others by its own mode or by that of any folder above it. */
async function othersCanRead(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found || !(found.mode & 0o004)) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (!((await stat(folder)).mode & 0o001)) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** It signs a few times a year, and whoever holds it is the region. */
function judgeIdentity(names: readonly string[]): Finding[] {
  if (!names.some((name) => /^identity-.*\.pem$/.test(name))) return [];
  return [
    warning(
      'identity key',
      { zh: '身份密钥还在这台机器上', en: 'the identity key is still on this machine' },
      {
        zh: '运行 tongban key move-identity 介质目录,把它移到介质上锁入保险柜;只有续签声明、轮换密钥时才用到它',
        en: 'run tongban key move-identity DIR and lock the medium away; it is needed only to renew the statement and to rotate keys',
        page: 'key-folder',
      },
    ),
  ];
}
