import { SealError } from '#adapters';
import { CodedError } from '#proto';
import type { Clock } from '#trust';
import type { SealConfig } from '../../../config/seal-config.ts';
import { openSealService, pinnedSeal } from '../../../seal/open-sealing.ts';
import { type Finding, fine, type Remedy, warning, wrong, wrongBecause } from '../finding.ts';

const what = 'seal service';
/** The service has a limit of time of its own. */
const NEVER = new AbortController().signal;

/** What is wrong is found, not logged. */
const SILENT = { info() {}, warn() {}, error() {} };

const CONFIG: Remedy = {
  zh: '按提示改 gateway.yaml 的 seal 一节',
  en: 'correct the section seal of gateway.yaml as it says',
  page: 'seal-service',
};
const REACH: Remedy = {
  zh: '检查到印章服务的网络;能到的,问印章服务单位',
  en: 'check the network to it; if it is reached, ask its operators',
  page: 'seal-service',
};
const RIGHTS: Remedy = {
  zh: '核对密钥文件、权限和印章名称',
  en: 'compare secret, rights and names of seals with the service',
  page: 'seal-service',
};

/** Asks the service of electronic seals (电子印章服务) which seals it has: nothing is sealed for a trial. */
export async function checkSeals(config: SealConfig, region: string, clock: Clock): Promise<Finding[]> {
  try {
    for (const seal of config.seals) await pinnedSeal(seal);
    const service = await openSealService(config, { region, now: () => clock.now(), log: SILENT });
    try {
      return judged(config, await service!.seals(NEVER));
    } finally {
      await service!.close();
    }
  } catch (error) {
    if (error instanceof SealError) return [failed(error)];
    if (!(error instanceof CodedError)) throw error;
    return [wrongBecause(what, { zh: '印章服务的配置有误', en: 'the seal service' }, error, CONFIG)];
  }
}

function judged({ seals }: SealConfig, held: readonly string[] | undefined): Finding[] {
  const missing = held ? seals.filter(({ code }) => !held.includes(code)) : [];
  if (missing.length > 0)
    return missing.map(({ name }) =>
      warning(what, { zh: `印章服务没有印章 ${name}`, en: `the seal service does not have the seal ${name}` }, RIGHTS),
    );
  const words = held
    ? {
        zh: `印章服务有应答,${seals.length} 枚印章都在`,
        en: `the seal service answers and has all ${seals.length} seals`,
      }
    : { zh: '印章服务有应答,未提供印章清单', en: 'the seal service answers; it has no list of seals' };
  return [fine(what, words)];
}

function failed({ fault, code, message }: SealError): Finding {
  const words = { zh: `印章服务不能用,需要其印章的 PDF 无法生成;代码 ${code}`, en: `${message}; code ${code}` };
  return wrong(what, words, fault === 'refused' ? RIGHTS : REACH);
}
