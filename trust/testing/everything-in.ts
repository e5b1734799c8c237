/** Every value that can be reached from one through its properties, hidden ones and those of prototypes included. */
export function everythingIn(start: unknown): unknown[] {
  const seen = new Set<unknown>();
  const waiting = [start];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (seen.has(value)) continue;
    seen.add(value);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
    // Properties of the language itself lead everywhere and hold nothing of ours.
    if (value === Object.prototype || value === Function.prototype) continue;
    for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(value))) waiting.push(descriptor.value);
    waiting.push(Object.getPrototypeOf(value));
  }
  return [...seen];
}
