/** What people write before an entry of a list: 1. 2、 (三) 第四 */
const NUMBERING = /^\s*(?:[(（]\s*[\d一二三四五六七八九十]{1,3}\s*[)）]|[\d一二三四五六七八九十]{1,3}\s*[.．、])\s*/u;

/** A text without what regions write differently and mean alike: numbering, width, case, spaces, punctuation. */
export function normalized(text: string): string {
  return text
    .replace(NUMBERING, '')
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}
