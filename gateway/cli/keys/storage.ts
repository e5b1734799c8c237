import { createStorageKey, listStorageKeys, readKeyFolder, type StorageKeyInfo } from '#trust';
import type { Answer, Cli } from '../command.ts';
import { chinaTime, pairs } from '../format.ts';
import { configIn } from '../gateway-folder.ts';
import type { GatewayOptions, PassphraseOptions } from '../options.ts';
import { passphraseOf } from '../passphrase.ts';

/** `tongban key rotate storage`: a new storage key, or the first one of a gateway of before. */
export async function rotateStorage(options: GatewayOptions & PassphraseOptions, cli: Cli): Promise<Answer> {
  const { keys } = await configIn(options.gateway);
  const { passphrase, warnings } = await passphraseOf({ keys }, options, cli);
  const before = await listStorageKeys(keys.directory);
  const signing = (await readKeyFolder(keys.directory)).keys.findLast(({ purpose }) => purpose === 'signing');
  const suite = signing?.suite ?? 'ES256';
  const made = await createStorageKey(keys.directory, { suite, passphrase, now: cli.clock.now() });
  return {
    json: { purpose: 'storage', ...made, before: before.map(({ id }) => id) },
    text: `${pairs([['新密钥 New key', storageWords(made)]])}${before.length === 0 ? FIRST : NEXT}`,
    notes: [...warnings, LOSS],
  };
}

/** A storage key as people read it. */
export function storageWords({ id, cipher, created }: StorageKeyInfo): string {
  return `存储 storage ${id} (${cipher}),生成 made ${chinaTime(created)}`;
}

const FIRST =
  '运行中的网关一分钟内启用,此后加密保存,并在后台加密原有数据;进度 / a running gateway takes it up within a minute, and encrypts what is there in the background:\n  tongban store check\n';
const NEXT =
  '运行中的网关一分钟内启用:立即改用它保护数据密钥,并在后台以新数据密钥重新加密;进度 / a running gateway takes it up within a minute, and encrypts everything anew in the background:\n  tongban store check\n' +
  '全部完成前不要移走旧存储密钥;旧备份仍需要它。 / Leave the old storage key where it is until all is done; old backups need it for ever.\n';
const LOSS =
  '注意:遗失存储密钥文件或口令,数据库和材料不可恢复;立即另存一份 / if the file of the storage key or its passphrase is lost, so is all data: keep a copy elsewhere, now';
