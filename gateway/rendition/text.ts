import type { RenditionFont } from './font.ts';

/** Text as the font can show it. */
export interface DrawableText {
  readonly text: string;
  /** Characters that it cannot show, each once. */
  readonly missing: readonly string[];
}

/** Punctuation that must not begin a line (避头点). */
const NOT_FIRST = /^[、，。；：！？）》〉」』】〕％,.;:!?)\]}%”’]$/;
/** Punctuation that must not end a line (避尾点). */
const NOT_LAST = /^[（《〈「『【〔“‘([{]$/;
const WORD = /^[0-9A-Za-z+]$/;
/** The last character before which a text is only control characters. */
const LAST_CONTROL = 0x1f;

/**
 * Writes every run of characters that the font has no glyph for (生僻字, 民族文字) as their code points, `〔U+0626 U+06C7〕`:
 * what is not there would be taken for a name that is shorter.
 */
export function drawable(text: string, font: Pick<RenditionFont, 'covers'>): DrawableText {
  const missing = new Set<string>();
  let shown = '';
  let run: string[] = [];
  const flush = () => {
    if (run.length > 0) shown += `〔${run.join(' ')}〕`;
    run = [];
  };
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    if (character === '\n' || (codePoint > LAST_CONTROL && font.covers(codePoint))) {
      flush();
      shown += character;
    } else {
      run.push(codePointName(character));
      missing.add(character);
    }
  }
  flush();
  return { text: shown, missing: [...missing] };
}

/** `U+20BB7` */
export function codePointName(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

/**
 * Breaks a text into lines. Chinese breaks anywhere but before closing punctuation, which hangs over the edge, and
 * after opening punctuation; words and numbers stay together while they fit on a line.
 *
 * @param widthOf width of one character, in the unit of `width`
 */
export function wrap(text: string, width: number, widthOf: (character: string) => number): string[] {
  return text.split('\n').flatMap((paragraph) => wrapParagraph(paragraph, width, widthOf));
}

function wrapParagraph(text: string, width: number, widthOf: (character: string) => number): string[] {
  const lines: string[] = [];
  let line: string[] = [];
  let used = 0;
  for (const character of text) {
    const more = widthOf(character);
    if (used + more > width && line.length > 0 && !(NOT_FIRST.test(character) && used <= width)) {
      const carried = WORD.test(character) ? wordAtEnd(line) : openedAtEnd(line);
      lines.push(line.slice(0, line.length - carried.length).join(''));
      line = carried;
      used = carried.reduce((sum, one) => sum + widthOf(one), 0);
    }
    line.push(character);
    used += more;
  }
  lines.push(line.join(''));
  return lines;
}

/** The word that a line ends in the middle of; nothing when the word is the whole line. */
function wordAtEnd(line: readonly string[]): string[] {
  const start = line.findLastIndex((character) => !WORD.test(character)) + 1;
  return start === 0 ? [] : line.slice(start);
}

/** The brackets and quotation marks that would open at the end of a line; none when there is nothing else on it. */
function openedAtEnd(line: readonly string[]): string[] {
  const start = line.findLastIndex((character) => !NOT_LAST.test(character)) + 1;
  return start === 0 ? [] : line.slice(start);
}
