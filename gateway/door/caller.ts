import { isIPv6 } from 'node:net';

/** By what a caller is counted that has only an address: whoever has an IPv6 address has all of its /64. */
export function callerOf(address: string): string {
  const [given = ''] = address.split('%');
  // A socket that takes both families shows IPv4 in the form of IPv6 (RFC 4291 section 2.5.5.2).
  const plain = given.replace(/^::ffff:(?=[\d.]+$)/i, '');
  if (!isIPv6(plain) || plain.includes('.')) return plain;
  const [head = '', tail] = plain.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? [] : new Array<string>(8 - first.length - last.length).fill('0');
  return [...first, ...zeros, ...last]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
