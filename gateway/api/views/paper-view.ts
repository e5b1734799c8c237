import { type Static, Type } from '@fastify/type-provider-typebox';
import { PAPER_KINDS, type PaperKind } from '#proto';
import type { ListedPaper } from '../../case/papers/case-papers.ts';
import { KINDS_OF_PAPER } from '../../case/papers/paper-kinds.ts';
import { Digest, instant, words } from './schemas.ts';

/** A notice of a case in a list. */
export const PaperJson = Type.Object({
  kind: words(PAPER_KINDS),
  title: Type.Object({ zh: Type.String(), en: Type.String() }),
  number: Type.String({ description: '文号' }),
  event: Type.String({ description: '所对应的办理动作 / act of which it gives notice' }),
  issuer: Type.String({ description: '出具地区 / region whose act it is, and which signs it' }),
  at: instant('动作时间 / when it acted'),
  isAvailable: Type.Boolean({ description: '可以取用;对方出具的稍后送到 / whether it can be had here by now' }),
  digest: Type.Optional(Digest),
  code: Type.Optional(Type.String({ description: '对方拒收的代码 / why the other region did not take it' })),
});
export type PaperJson = Static<typeof PaperJson>;

export function paperJson(paper: ListedPaper): PaperJson {
  const { title, event } = KINDS_OF_PAPER[paper.kind];
  return { ...paper, title, event };
}

/** 收件通知书 */
export function paperTitle(kind: PaperKind): string {
  return KINDS_OF_PAPER[kind].title.zh;
}
