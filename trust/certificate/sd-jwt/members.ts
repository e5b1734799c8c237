/** Pointer of a member; RFC 6901 escapes. */
export function under(pointer: string, name: string): string {
  const token = /[~/]/.test(name) ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name;
  return `${pointer}/${token}`;
}

/** Gives an object a member, whatever its name: `__proto__` too is only a name. */
export function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  else object[name] = value;
}
