import { heldConversations } from '../../../recovery/held-conversations.ts';
import { recoveryTable } from '../../../recovery/recovery-table.ts';
import type { Reader } from '../../../store/store.ts';
import { type Finding, type Remedy, warning, wrong } from '../finding.ts';

const what = 'restore';

const PUT_BACK: Remedy = {
  zh: '停网关;有更新的数据库就换回去,没有则 tongban store restored,再启动',
  en: 'stop the gateway; put a newer database back, or without one run: tongban store restored, and start',
  page: 'restore',
};

const GO_ON: Remedy = {
  zh: '用 tongban store recovery 查看还等哪个对端、哪些会话待核对',
  en: 'see which regions and conversations wait with: tongban store recovery',
  page: 'restore',
};

/** Whether this database was restored, or put back without a word, and what is still to be done about it. */
export async function checkRecovery(read: Reader): Promise<Finding[]> {
  if (!(await read.hasTable('store_recovery'))) return [];
  const recovery = await recoveryTable.find(read);
  if (!recovery) return [];
  if (recovery.state === 'put-back') {
    const zh = '数据库比对端所知的旧:网关已停止收发';
    return [wrong(what, { zh, en: 'the database is older than what a peer knows: nothing is exchanged' }, PUT_BACK)];
  }
  const waiting = (await recoveryTable.peers(read)).filter(({ state }) => state === 'waiting');
  const held = await heldConversations.count(read);
  if (waiting.length === 0 && held === 0) return [];
  const words = {
    zh: `恢复尚未完成:等待 ${waiting.length} 个对端补齐,${held} 个会话待核对`,
    en: `the restore is not over: ${waiting.length} regions are to give back what was lost, ${held} conversations wait for somebody`,
  };
  return [warning(what, words, GO_ON)];
}
