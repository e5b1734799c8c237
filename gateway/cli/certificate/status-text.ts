import { STATUS_WORDS } from '../../verify/words.ts';
import { plain } from '../format.ts';

/**
 * How a certificate stands, for people: `已撤销 revoked`. A word that is none of ours, such as a code, stays as it is.
 *
 * @param word `unknown` says no more than that: a region answers alike about what is not there and what it may not tell
 */
export function statusText(word: string): string {
  if (word === 'unknown') return '未知 unknown';
  return Object.hasOwn(STATUS_WORDS, word)
    ? `${STATUS_WORDS[word as keyof typeof STATUS_WORDS].zh} ${word}`
    : plain(word);
}
