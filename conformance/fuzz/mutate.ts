import type { Random } from './random.ts';

/** What is fed to a target: bytes, texts and numbers, in lists and by name. */
export type Input = Buffer | string | number | readonly Input[] | { readonly [name: string]: Input };

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Bytes and characters of an input, at most: what is longer is refused by its size alone. */
const MAX_LENGTH = 512 * 1024;
const NUMBERS = [0, 1, -1, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 0.5, 1e308, 9e15];
const TEXTS = [
  '',
  '0',
  ' ',
  '\0',
  '\uFFFD',
  '\uD800',
  '𠮷',
  '~',
  '.',
  '..',
  '/',
  '__proto__',
  'constructor',
  '_sd',
  '...',
  'null',
  '=',
  '%00',
];
const VALUES: readonly Json[] = [null, true, false, [], {}, '', 0, -1, 2 ** 53, [[]], { '...': '' }, { _sd: [] }];
const BASE64URL = /^[A-Za-z0-9_-]{2,}$/;

/**
 * Another input that is like one: most of it stays, so that what is wrong is met deep inside.
 *
 * @param other an input to take pieces of
 */
export function mutate(random: Random, input: Input, other: Input): Input {
  if (Buffer.isBuffer(input)) return mutateBytes(random, input, Buffer.isBuffer(other) ? other : input);
  if (typeof input === 'string') return mutateText(random, input, typeof other === 'string' ? other : input);
  if (typeof input === 'number') return random.once(2) ? random.of(NUMBERS) : input + random.below(5) - 2;
  if (Array.isArray(input)) return mutateList(random, input, Array.isArray(other) ? other : input);
  const named = input as Readonly<Record<string, Input>>;
  const name = random.of(Object.keys(named));
  const pieces = (isNamed(other) ? other : named) as Readonly<Record<string, Input>>;
  return { ...named, [name]: mutate(random, named[name]!, pieces[name] ?? named[name]!) };
}

function isNamed(input: Input): boolean {
  return typeof input === 'object' && !Buffer.isBuffer(input) && !Array.isArray(input);
}

function mutateList(random: Random, list: readonly Input[], other: readonly Input[]): Input[] {
  const copy = [...list];
  const at = random.below(copy.length + 1);
  const piece = other[random.below(other.length || 1)] ?? list[0];
  switch (random.below(4)) {
    case 0:
      copy.splice(at, 1);
      break;
    case 1:
      if (piece !== undefined) copy.splice(at, 0, piece);
      break;
    case 2:
      copy.reverse();
      break;
    default:
      if (at < copy.length) copy[at] = mutate(random, copy[at]!, piece ?? copy[at]!);
  }
  return copy;
}

/** One to four changes of bytes: a bit, a byte, a piece cut out, doubled, moved, or taken from another input. */
function mutateBytes(random: Random, bytes: Buffer, other: Buffer): Buffer {
  let changed = Buffer.from(bytes);
  for (let left = 1 + random.below(4); left > 0; left -= 1) {
    const at = random.below(changed.length + 1);
    const end = Math.min(changed.length, at + 1 + random.below(random.once(4) ? 1024 : 8));
    const piece = changed.subarray(at, end);
    const before = changed.subarray(0, at);
    const after = changed.subarray(end);
    switch (random.below(7)) {
      case 0:
        if (piece.length > 0) changed[at] = changed[at]! ^ (1 << random.below(8));
        break;
      case 1:
        if (piece.length > 0) changed[at] = random.of([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
        break;
      case 2:
        changed = Buffer.concat([before, after]);
        break;
      case 3:
        changed = Buffer.concat([before, piece, piece, after]);
        break;
      case 4:
        changed = Buffer.concat([before, random.bytes(1 + random.below(16)), after]);
        break;
      case 5: {
        const from = random.below(other.length + 1);
        changed = Buffer.concat([before, other.subarray(from, from + random.below(256)), after]);
        break;
      }
      default:
        if (random.once(4)) changed = Buffer.from(before);
    }
  }
  return changed.subarray(0, MAX_LENGTH);
}

/** A text as what it is: JSON within, parts of base64url with JSON or bytes within, or characters. */
function mutateText(random: Random, text: string, other: string): string {
  const structured = random.once(8) ? undefined : (withinJson(random, text) ?? withinParts(random, text, other));
  return (structured ?? mutateBytes(random, Buffer.from(text), Buffer.from(other)).toString()).slice(0, MAX_LENGTH);
}

function withinJson(random: Random, text: string): string | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return writeJson(random, mutateJson(random, JSON.parse(text) as Json));
  } catch {
    return undefined;
  }
}

/** Sometimes a member twice, which a lenient reader would not see. */
function writeJson(random: Random, json: Json): string {
  const text = JSON.stringify(json);
  return random.once(16) ? text.replace(/("[^"]{1,40}"):/, '$1:0,$1:') : text;
}

/** Texts that are several parts with dots and tildes between: JWS and SD-JWT. */
function withinParts(random: Random, text: string, other: string): string | undefined {
  const parts = text.split(/([.~])/);
  const at = random.below(parts.length);
  const part = parts[at]!;
  const whole = (changed: string) => [...parts.slice(0, at), changed, ...parts.slice(at + 1)].join('');
  if (random.once(6)) return whole(random.once(2) ? '' : part + parts[random.below(parts.length)]!);
  if (random.once(6)) return whole(random.of(other.split(/[.~]/)));
  if (!BASE64URL.test(part)) return undefined;
  const inside = Buffer.from(part, 'base64url');
  const json = withinJson(random, inside.toString());
  return whole((json === undefined ? mutateBytes(random, inside, inside) : Buffer.from(json)).toString('base64url'));
}

/** Changes one place of a JSON value, at whatever depth. */
function mutateJson(random: Random, json: Json): Json {
  if (typeof json === 'object' && json !== null && !random.once(5)) {
    const names = Object.keys(json);
    if (names.length > 0) return mutateMember(random, json as Record<string, Json>, random.of(names));
  }
  if (typeof json === 'string' && !random.once(3)) return mutateText(random, json, random.of(TEXTS));
  if (typeof json === 'number') return random.of(NUMBERS);
  return random.once(2) ? random.of(VALUES) : random.of(TEXTS);
}

function mutateMember(random: Random, json: Record<string, Json>, name: string): Json {
  const copy = structuredClone(json);
  if (Array.isArray(copy)) {
    const at = Number(name);
    const way = random.below(6);
    if (way === 0) copy.splice(at, 1);
    else if (way === 1) copy.splice(at, 0, structuredClone(copy[at]));
    else copy[at] = mutateJson(random, copy[at]);
    return copy;
  }
  const way = random.below(8);
  if (way === 0) delete copy[name];
  else if (way === 1) copy[random.of(TEXTS)] = copy[name]!;
  else copy[name] = mutateJson(random, copy[name]!);
  return copy;
}
