import { Type } from '@fastify/type-provider-typebox';
import { ERROR_CODES, type ErrorCode } from '#proto';
import type { ApiContext } from '../context.ts';
import type { RouteModule } from '../typed.ts';
import { instant, words } from '../views/schemas.ts';

const tags = ['联邦 / federation'];

const CODES = ['', ...Object.keys(ERROR_CODES)] as ('' | ErrorCode)[];
const code = (description: string) => words(CODES, `${description}; 空 = 正常 / empty when all is well`);

const AnchorJson = Type.Object({
  name: Type.String({ description: '锚点代号;尚未读取则为空 / empty until it was read' }),
  title: Type.String({ description: '锚点名称 / name for people' }),
  url: Type.String({ description: '锚点文件所在目录 / folder with its files' }),
  fingerprint: Type.String({ description: '指纹 / fingerprint of its identity key' }),
  superior: Type.Optional(Type.String({ description: '上级锚点;由配置信任的没有 / absent for a pinned one' })),
  state: words(['good', 'ending', 'bad'], '正常、30 天内到期、不可信 / good, ends within 30 days, vouches for nobody'),
  code: code('不可信的原因 / why it is bad'),
  lastGoodAt: Type.Optional(instant('最近一次成功读取 / last good look')),
  stale: Type.Boolean({ description: '超过设定时间未成功读取 / that is longer ago than the config allows' }),
  lastTriedAt: Type.Optional(instant('最近一次读取 / last look')),
  lastCode: code('最近一次读取的结果 / of the last look'),
  expiresAt: Type.Optional(instant('担保到期 / when all that it vouches for ends')),
  daysLeft: Type.Optional(Type.Integer({ description: '剩余整天数 / whole days left' })),
  regions: Type.Integer({
    description: '直接担保且策略允许的地区数 / regions that it vouches for and the policy allows',
  }),
  regionsEndAt: Type.Optional(instant('其中最早到期 / the first end among them')),
});

const RegionJson = Type.Object({
  region: Type.String({ description: '行政区划代码 / region code' }),
  chain: Type.Array(Type.String(), {
    description: '信任链上的锚点,由上至下 / anchors of the chain, the pinned one first',
  }),
  fingerprint: Type.String({ description: '锚点担保的身份指纹 / fingerprint that is vouched for' }),
  expiresAt: Type.Optional(instant('信任链到期 / end of the chain')),
  pinned: words(
    ['federation', 'operator', 'refused', 'own', 'no'],
    '由联邦登记、由操作员登记、操作员已移除、本地区、未登记 / who pinned it; refused: an operator removed it',
  ),
  code: code('未登记的原因或须注意之处 / why it is not pinned, or what is wrong'),
});

/** Anchors, and the regions for which they vouch (联邦). */
export function federationRoutes({ federation }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/federation',
      {
        schema: {
          tags,
          summary: '联邦状况 / anchors and the regions for which they vouch; both lists empty without a federation',
          response: { 200: Type.Object({ anchors: Type.Array(AnchorJson), regions: Type.Array(RegionJson) }) },
        },
      },
      async () => {
        const { anchors, regions } = federation.standing();
        return {
          anchors: [...anchors],
          regions: regions.map(({ chain, ...region }) => ({ ...region, chain: [...chain] })),
        };
      },
    );
  };
}
