/** A part as the order of a bundle sees it. */
export interface Ordered {
  readonly key: string;
  readonly after: readonly string[];
}

/**
 * B4: the circles in the order of parts, each once, as the way from a part back to itself. Keys that no part has are passed
 * over.
 */
export function circlesOf(parts: readonly Ordered[]): string[][] {
  const before = new Map<string, readonly string[]>();
  for (const { key, after } of parts) before.set(key, [...(before.get(key) ?? []), ...after]);
  const named = new Set<string>();
  const circles: string[][] = [];
  for (const { key } of parts) {
    const way = named.has(key) ? undefined : wayBack(key, before);
    if (!way) continue;
    circles.push(way);
    for (const one of way) named.add(one);
  }
  return circles;
}

/** The shortest way from a part through what must come before it back to itself. */
function wayBack(start: string, before: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const from = new Map<string, string>();
  const queue = [start];
  for (const key of queue) {
    for (const next of before.get(key) ?? []) {
      if (next === start) return wayTo(key, start, from);
      if (from.has(next) || !before.has(next)) continue;
      from.set(next, key);
      queue.push(next);
    }
  }
  return undefined;
}

function wayTo(key: string, start: string, from: ReadonlyMap<string, string>): string[] {
  const way = [start];
  for (let at = key; at !== start; at = from.get(at)!) way.unshift(at);
  return [start, ...way];
}
