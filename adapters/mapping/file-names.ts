/** File systems end at 255 bytes; a temporary name and a number add to this. */
export const FILE_NAME_BYTES = 200;

/** What separates paths, what Windows allows in no name, what no terminal shows or what turns the reading direction. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF<>:"/\\|?*]/gu;
/** Names of devices, whatever ending they have. */
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|$)/i;
/** What some file systems pass over when they compare names. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
const NAMELESS = 'file';
const ENDING = /\.[A-Za-z0-9]{1,8}$/;

/**
 * Names under which files can lie in one folder of any system: no path, nothing hidden, no control characters, no name that
 * Windows reserves, none too long. Those that would be the same on some system, such as those that differ in case alone, are numbered from the second on.
 */
export function safeFileNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const safe = safeName(name);
    let file = safe;
    for (let number = 2; taken.has(folded(file)); number += 1) file = numbered(safe, number);
    taken.add(folded(file));
    return file;
  });
}

function safeName(name: string): string {
  const plain = name.toWellFormed().normalize('NFC').replace(UNSAFE, '_').replace(/\s+/gu, ' ');
  const visible = plain.trim().replace(/^\.+/, '_');
  const whole = trimEnd(shortened(visible, FILE_NAME_BYTES));
  if (whole === '' || /^_+$/.test(whole)) return NAMELESS;
  return RESERVED.test(whole) ? `_${whole}` : whole;
}

function numbered(name: string, number: number): string {
  const ending = endingOf(name);
  return `${name.slice(0, name.length - ending.length)}-${number}${ending}`;
}

/** Keeps the ending, by which programs know what a file is. */
function shortened(name: string, bytes: number): string {
  const ending = endingOf(name);
  const most = bytes - Buffer.byteLength(ending);
  let stem = '';
  let length = 0;
  for (const character of name.slice(0, name.length - ending.length)) {
    length += Buffer.byteLength(character);
    if (length > most) break;
    stem += character;
  }
  return trimEnd(stem) + ending;
}

function endingOf(name: string): string {
  return ENDING.exec(name)?.[0] ?? '';
}

/** Windows leaves out what a name ends with. */
function trimEnd(text: string): string {
  return text.replace(/[. ]+$/, '');
}

/** Small letters first: of `ẞ` the capital is itself, of `ß` it is `SS`. */
function folded(name: string): string {
  return name.replace(IGNORABLE, '').normalize('NFKC').toLowerCase().toUpperCase().normalize('NFKC');
}
