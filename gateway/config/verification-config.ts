import { isIP } from 'node:net';
import { fields, integer, list, optional, type Problem, type Rule } from '#proto';

/** The page at which anybody verifies certificates (公开核验页). */
export interface VerificationConfig {
  /** Whether there is one. */
  readonly page: boolean;
  /** Whether other regions are asked how their certificates stand, in the name of whoever uses the page. */
  readonly askPeers: boolean;
  /** Verifications of one address. */
  readonly ratePerMinute: number;
}

/** The section as the file has it. */
export interface VerificationSection {
  page?: boolean | null;
  ask_peers?: boolean | null;
  rate_per_minute?: number | null;
}

const MAX_PROXIES = 64;

/** What the section may say. */
export const verificationRule: Rule = fields({
  page: optional(yesOrNo),
  ask_peers: optional(yesOrNo),
  rate_per_minute: optional(integer(1, 10_000)),
});

/** Addresses of the web servers before us whose word about the address of a client counts. */
export const proxiesRule: Rule = list(proxy, MAX_PROXIES);

/** The section with its defaults. */
export function verificationOf({ page, ask_peers, rate_per_minute }: VerificationSection): VerificationConfig {
  return { page: page ?? true, askPeers: ask_peers ?? false, ratePerMinute: rate_per_minute ?? 30 };
}

function yesOrNo(value: unknown, pointer: string, problems: Problem[]): void {
  if (typeof value !== 'boolean') problems.push({ pointer, code: 'TYPE', message: 'must be true or false' });
}

/** An address, or a network as 10.0.0.0/24: a name could lead anywhere, and everybody must never be among them. */
function proxy(value: unknown, pointer: string, problems: Problem[]): void {
  const [address = '', length, ...rest] = String(value).split('/');
  const bits = isIP(address) === 6 ? 128 : 32;
  const isNetwork = length === undefined || (/^[1-9]\d{0,2}$/.test(length) && Number(length) <= bits);
  if (typeof value !== 'string' || isIP(address) === 0 || !isNetwork || rest.length > 0)
    problems.push({ pointer, code: 'FORMAT', message: 'must be an IP address, or a network such as 10.0.0.0/24' });
}
