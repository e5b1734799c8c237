import { sealingStatus } from '../../../at-rest/status.ts';
import type { Reader } from '../../../store/store.ts';
import { type Finding, fine, type Remedy, warning, wrong } from '../finding.ts';

const what = 'encryption at rest';

const MAKE_KEY: Remedy = {
  zh: '生成存储密钥:tongban key rotate storage,先备份密钥目录',
  en: 'make a storage key: tongban key rotate storage; back the key folder up first',
  page: 'key-folder',
};

const LOOK: Remedy = {
  zh: '核对密钥目录中的存储密钥是否齐全,再看 tongban store check',
  en: 'see that every storage key is in the key folder, then: tongban store check',
  page: 'key-folder',
};

/** How far what is personal in the database is encrypted (落盘加密). */
export async function checkAtRest(read: Reader): Promise<Finding[]> {
  const { storageKey, covered, parts, broken } = await sealingStatus(read);
  // A gateway makes its data keys when it starts: of one that never did there is nothing to encrypt.
  if (storageKey === undefined && !(await read.get('SELECT 1 FROM outbox LIMIT 1'))) return [];
  if (storageKey === undefined)
    return [warning(what, { zh: '数据库中的个人信息未加密', en: 'personal data stands in the clear' }, MAKE_KEY)];
  if (broken > 0)
    return [wrong(what, { zh: `${broken} 个值无法解密`, en: `${broken} values cannot be decrypted` }, LOOK)];
  if (covered < parts)
    return [
      fine(what, {
        zh: `正在加密原有数据:${covered}/${parts}`,
        en: `data of before is being encrypted: ${covered}/${parts}`,
      }),
    ];
  return [fine(what, { zh: '个人信息均已加密', en: 'everything personal is encrypted' })];
}
