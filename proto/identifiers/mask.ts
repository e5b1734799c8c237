const HIDDEN = '*';
/** Long hidden stretches are shortened: a list stays narrow, and the length of a name is not told. */
const MAX_STARS_IN_NAME = 3;
/** The middle dots of Uyghur, Mongolian and Tibetan names in their various encodings, and spaces. */
const SEPARATOR = /^[·•‧∙⋅・･．\s]$/u;

const segmenter = new Intl.Segmenter('zh');

/**
 * Masks a personal name (姓名) for lists: `王*明`, `李*`, `阿***·***江`. At most the first and the last character stay,
 * of two only the first, of one none. Characters are counted as people see them, so that rare ones (生僻字) outside the
 * basic plane and those with variation marks are never cut in two.
 */
export function maskName(name: string): string {
  const characters = charactersOf(name);
  const letters = characters.flatMap((character, at) => (SEPARATOR.test(character) ? [] : [at]));
  const first = letters.length >= 2 ? letters[0] : undefined;
  const last = letters.length >= 3 ? letters.at(-1) : undefined;
  let masked = '';
  let stars = 0;
  for (const [at, character] of characters.entries()) {
    const shown = at === first || at === last || SEPARATOR.test(character);
    stars = shown ? 0 : stars + 1;
    if (shown) masked += character;
    else if (stars <= MAX_STARS_IN_NAME) masked += HIDDEN;
  }
  return masked;
}

/**
 * Masks a number (证件号码, 手机号码, 统一社会信用代码) for lists: `3206**********1234`, `138****5678`. The length stays; the
 * shorter the number, the less of it is shown, and at least a third is always hidden.
 */
export function maskNumber(number: string): string {
  const characters = charactersOf(number);
  const [head, tail] = shownOf(characters.length);
  const end = characters.length - tail;
  return characters.map((character, at) => (at < head || at >= end ? character : HIDDEN)).join('');
}

/** How many characters stay at the head and at the tail of a number of this length. */
function shownOf(length: number): [head: number, tail: number] {
  if (length >= 15) return [4, 4];
  if (length >= 11) return [3, 4];
  if (length >= 7) return [2, 2];
  if (length >= 4) return [1, 1];
  return [0, 0];
}

function charactersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
