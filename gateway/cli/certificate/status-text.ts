import { STATUS_WORDS } from '../../verify/words.ts';
import { plain } from '../format.ts';

/** How a certificate stands, for people: `已撤销 revoked`. A word that is none of ours, such as a code, stays as it is. */
export function statusText(word: string): string {
  return Object.hasOwn(STATUS_WORDS, word)
    ? `${STATUS_WORDS[word as keyof typeof STATUS_WORDS].zh} ${word}`
    : plain(word);
}
