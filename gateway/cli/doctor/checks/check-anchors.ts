import type { AnchorStanding, FederationStanding } from '../../../federation/standing.ts';
import type { GatewayClient } from '../../client.ts';
import { chinaTime } from '../../format.ts';
import { type Finding, fine, type Remedy, type Words, warning, wrong } from '../finding.ts';

const REACH: Remedy = {
  zh: '检查到锚点地址的网络;网关会自动重试。缓存过期前恢复不了的,与要紧的对端直接核对指纹登记',
  en: 'check the network to its address; the gateway tries again by itself. If the copy may end first, pin the important peers directly',
  page: 'anchor-unreachable',
};
const CALL: Remedy = {
  zh: '电话联系锚点主管单位',
  en: 'telephone the authority that runs the anchor',
  page: 'anchor-unreachable',
};

/** How the anchors stand that the config names: read lately, and good for how long (信任锚点). */
export async function checkAnchors(client: GatewayClient): Promise<Finding[]> {
  const { anchors } = await client.get<FederationStanding>('/v1/federation');
  return anchors.map(judgeAnchor);
}

/** What the standing of an anchor means for whoever operates the gateway. */
export function judgeAnchor(anchor: AnchorStanding): Finding {
  const { url, state, code, stale, lastCode, daysLeft = 0 } = anchor;
  const what = `anchor ${anchor.name || url}`;
  const who = {
    zh: `信任锚点 ${anchor.title || anchor.name || url}`,
    en: `the anchor ${anchor.title || anchor.name || url}`,
  };
  const until = chinaTime(anchor.expiresAt);
  if (state === 'bad')
    return wrong(
      what,
      {
        zh: `${who.zh}不可信(${code || lastCode}),靠它担保的地区不通`,
        en: `${who.en} cannot be believed (${code || lastCode}): regions that only it vouches for are closed out`,
      },
      code === '' || code === lastCode ? REACH : CALL,
    );
  if (stale) return warning(what, { zh: `${who.zh}${read(anchor).zh}`, en: `${who.en} ${read(anchor).en}` }, REACH);
  if (state === 'ending') {
    const words = {
      zh: `${who.zh}的担保 ${until} 到期,还剩 ${daysLeft} 天`,
      en: `what ${who.en} vouches for ends at ${until}, ${daysLeft} days left`,
    };
    return warning(what, words, lastCode === '' ? CALL : REACH);
  }
  return fine(what, {
    zh: `${who.zh}${read(anchor).zh},担保 ${anchor.regions} 个地区`,
    en: `${who.en} ${read(anchor).en}, vouches for ${anchor.regions} regions`,
  });
}

function read({ lastGoodAt, lastCode, expiresAt }: AnchorStanding): Words {
  const failing =
    lastCode === '' ? { zh: '', en: '' } : { zh: `,之后读取失败(${lastCode})`, en: `, failing since (${lastCode})` };
  return {
    zh: `最近一次读到是 ${chinaTime(lastGoodAt)}${failing.zh},有效至 ${chinaTime(expiresAt)}`,
    en: `was last read at ${chinaTime(lastGoodAt)}${failing.en}, good until ${chinaTime(expiresAt)}`,
  };
}
