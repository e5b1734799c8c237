/** Every value within one, with the names that lead to it; places in lists do not count, since entries may be kept back. */
export function factsOf(value: unknown, path = ''): string[] {
  if (Buffer.isBuffer(value)) return [`${path}=${value.toString('hex')}`];
  if (Array.isArray(value)) return value.flatMap((entry) => factsOf(entry, `${path}/*`));
  if (typeof value !== 'object' || value === null) return [`${path}=${String(value)}`];
  return Object.entries(value).flatMap(([name, member]) => factsOf(member, `${path}/${name}`));
}
