import type { PaperKind } from '#proto';
import type { PaperFacts } from '../paper-facts.ts';
import { KINDS_OF_PAPER } from '../paper-kinds.ts';
import type { Block, PaperText } from './blocks.ts';
import { acceptanceBlocks, commitmentBlocks, refusalBlocks, supplementBlocks } from './deciding.ts';
import { deliveryBlocks } from './delivery.ts';
import { oneTimeBlocks, receiptBlocks } from './receiving.ts';

const BLOCKS: Readonly<Record<PaperKind, (facts: PaperFacts) => Block[]>> = {
  receipt: receiptBlocks,
  'one-time-notice': oneTimeBlocks,
  acceptance: acceptanceBlocks,
  commitment: commitmentBlocks,
  refusal: refusalBlocks,
  supplement: supplementBlocks,
  delivery: deliveryBlocks,
};

const NOTHING = { zh: '', en: '' } as const;

/** What a notice says, in both languages (文书模板). */
export function textOf(facts: PaperFacts): PaperText {
  const { kind, applicant, authority, handler, issuer, handling } = facts;
  const { name } = kind === 'commitment' ? authority : applicant;
  const isForOthers = issuer !== handling && authority.name !== handler.organisation;
  return {
    title: KINDS_OF_PAPER[kind].title,
    authority: authority.name,
    addressee: kind === 'delivery' ? NOTHING : { zh: `${name}：`, en: `To: ${name}` },
    blocks: BLOCKS[kind](facts),
    givenBy: isForOthers
      ? { zh: `（由${handler.organisation}代为出具）`, en: `Given by ${handler.organisation} in its name` }
      : NOTHING,
  };
}
