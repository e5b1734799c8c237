/** Where something listens or is reached. */
export interface Address {
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
}

const SHAPE = /^(?:\[(?<six>[0-9A-Fa-f:.]{2,45})\]|(?<host>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})))?:(?<port>\d{1,5})$/;
const ALL_INTERFACES = new Set(['', '0.0.0.0', '::']);

/**
 * Reads 'host:port'; an IPv6 address stands in brackets, as in '[::1]:8080'; ':8080' means every interface.
 *
 * @returns undefined when the text is not an address
 */
export function parseAddress(text: string): Address | undefined {
  const parts = SHAPE.exec(text)?.groups;
  if (!parts) return undefined;
  const port = Number(parts['port']);
  return port > 65_535 ? undefined : { host: parts['six'] ?? parts['host'] ?? '0.0.0.0', port };
}

/** The opposite of {@link parseAddress}. */
export function formatAddress({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether the address names every interface, which is nothing that a caller can dial. */
export function isWildcard({ host }: Address): boolean {
  return ALL_INTERFACES.has(host);
}

/** The URL by which a program on the same machine reaches an HTTP server that listens there, over TLS or without. */
export function localUrl(address: Address, isTls = false): string {
  const loopback = address.host === '::' ? '::1' : '127.0.0.1';
  return `${isTls ? 'https' : 'http'}://${formatAddress(isWildcard(address) ? { ...address, host: loopback } : address)}`;
}
