/** A part as the order of the parts sees it. */
interface Ordered {
  readonly id: string;
  readonly after: readonly string[];
  readonly working_days: number;
}

/**
 * The parts step by step (并联审批): those of one step run side by side, each begins when those that it comes after are done.
 *
 * @returns ids; parts on a cycle, and what comes after them, are in no step
 */
export function stagesOf(parts: readonly Ordered[]): string[][] {
  const stages: string[][] = [];
  const done = new Set<string>();
  for (let left = parts; left.length > 0; ) {
    const ready = left.filter(({ after }) => after.every((id) => done.has(id)));
    if (ready.length === 0) return stages;
    for (const { id } of ready) done.add(id);
    stages.push(ready.map(({ id }) => id));
    left = left.filter(({ id }) => !done.has(id));
  }
  return stages;
}

/** The parts that wait for one another in a circle, so that none could ever begin. */
export function circularParts(parts: readonly Ordered[]): string[] {
  const begun = new Set(stagesOf(parts).flat());
  let left = parts.filter(({ id }) => !begun.has(id));
  // What only waits for the circle is in none itself: it is nobody's prerequisite.
  for (;;) {
    const needed = new Set(left.flatMap(({ after }) => after));
    const inside = left.filter(({ id }) => needed.has(id));
    if (inside.length === left.length) return left.map(({ id }) => id);
    left = inside;
  }
}

/** Working days that the longest way through the parts takes when each uses all of its time. */
export function longestWay(parts: readonly Ordered[]): number {
  const byId = new Map(parts.map((part) => [part.id, part]));
  const end = new Map<string, number>();
  for (const id of stagesOf(parts).flat()) {
    const { after, working_days } = byId.get(id)!;
    end.set(id, Math.max(0, ...after.map((before) => end.get(before)!)) + working_days);
  }
  return Math.max(0, ...end.values());
}
