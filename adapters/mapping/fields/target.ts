/** Where in the result a field goes: names, and positions in lists. */
export type Target = readonly (string | number)[];

/** Lists are written out by position only as far as this; for longer ones there is `each`. */
const MAX_POSITION = 99;

const DOTTED = /^[^.[\]/]+(?:\[\d{1,2}\])*(?:\.[^.[\]/]+(?:\[\d{1,2}\])*)*$/;

/**
 * Reads a target: names with dots and positions, `items[0].material`, or a JSON pointer, `/items/0/material`, for names
 * that have a dot in them. In a pointer digits are a position.
 *
 * @returns undefined when it is none
 */
export function readTarget(text: string): Target | undefined {
  const target = text.startsWith('/') ? fromPointer(text) : fromDots(text);
  return target?.every(isPermitted) ? target : undefined;
}

/** JSON pointer (RFC 6901) of a target. */
export function pointerOf(target: Target): string {
  return target.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Whether nothing else can stand at a target once something stands at another one. */
export function collide(one: Target, other: Target): boolean {
  for (let at = 0; at < Math.min(one.length, other.length); at += 1) {
    if (typeof one[at] !== typeof other[at]) return true;
    if (one[at] !== other[at]) return false;
  }
  return true;
}

/**
 * Puts values at their targets, none of which collide. Lists have no gaps: what is left out there moves the rest up.
 *
 * @param entries those without a value, undefined, are left out
 */
export function assemble(entries: readonly (readonly [Target, unknown])[]): unknown {
  const root: { value?: unknown } = {};
  for (const [target, value] of entries) {
    if (value === undefined) continue;
    let holder: Record<string | number, unknown> = root as Record<string, unknown>;
    let name: string | number = 'value';
    for (const part of target) {
      if (!Object.hasOwn(holder, name)) holder[name] = typeof part === 'number' ? [] : {};
      holder = holder[name] as Record<string | number, unknown>;
      name = part;
    }
    holder[name] = value;
  }
  return closeGaps(root.value ?? {}, entries);
}

/** Only lists that targets made can have gaps. */
function closeGaps(value: unknown, entries: readonly (readonly [Target, unknown])[]): unknown {
  return entries.some(([target]) => target.some((part) => typeof part === 'number')) ? withoutGaps(value) : value;
}

function withoutGaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter(() => true).map(withoutGaps);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withoutGaps(entry)]));
}

function fromPointer(text: string): Target {
  const parts = text.slice(1).split('/');
  return parts.map((part) =>
    /^\d{1,2}$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~'),
  );
}

function fromDots(text: string): Target | undefined {
  if (!DOTTED.test(text)) return undefined;
  const parts = text.split(/\.|(?=\[)/);
  return parts.map((part) => (part.startsWith('[') ? Number(part.slice(1, -1)) : part));
}

function isPermitted(part: string | number, at: number): boolean {
  if (typeof part === 'number') return at > 0 && part <= MAX_POSITION;
  return part !== '' && part.length <= 200 && part !== '__proto__';
}
