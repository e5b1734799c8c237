import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import { list, type Problem, type Rule } from '#proto';
import { PlatformError } from '../adapter.ts';

const MAX_NETWORKS = 64;

/**
 * Addresses that lead into a machine or a network of ours, where services trust whoever reaches them (RFC 6890): a name
 * leads there only where the configuration says so.
 */
const INTERNAL = networksOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Of its own link, where clouds keep the credentials of a machine.
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  // Each of these holds any address of IPv4.
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]);
const LOOPBACK = networksOf(['127.0.0.0/8', '::1/128']);

/** Internal networks into which the name of a platform may lead, such as 10.32.0.0/16. */
export const networksRule: Rule = list(network, MAX_NETWORKS);

/**
 * Resolves the name in a URL for a connection, and refuses it when it leads to an internal address outside the listed
 * networks. It looks at each new connection, at the very addresses that are then dialled: a name that changes what it
 * means gains nothing. An address that stands in the URL itself is not looked up: whoever wrote it listed it.
 *
 * @param listed networks as `networksRule` lets them pass
 */
export function guardedLookup(listed: readonly string[], resolve: typeof systemLookup = systemLookup): LookupFunction {
  const allowed = networksOf(listed);
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const fault = error ?? internalFault(hostname, addresses, hostname === 'localhost' ? LOOPBACK : allowed);
      if (fault) callback(fault as NodeJS.ErrnoException, '');
      else if (options.all) callback(null, addresses);
      else callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}

/** One bad address among many is enough: nobody knows which of them is dialled in the end. */
function internalFault(name: string, addresses: readonly LookupAddress[], allowed: BlockList): Error | undefined {
  const within = (networks: BlockList, address: string) => networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  if (addresses.length === 0) return new PlatformError(true, `the name ${name} has no address`);
  const bad = addresses.find(({ address }) => within(INTERNAL, address) && !within(allowed, address));
  if (!bad) return undefined;
  return new PlatformError(true, `${name} leads to the internal address ${bad.address}; allow its network in networks`);
}

function networksOf(entries: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    networks.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return networks;
}

function network(value: unknown, pointer: string, problems: Problem[]): void {
  const [address = '', bits = '', ...rest] = String(value).split('/');
  const most = isIP(address) === 6 ? 128 : 32;
  const fits = /^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most;
  if (typeof value !== 'string' || isIP(address) === 0 || !fits || rest.length > 0)
    problems.push({ pointer, code: 'FORMAT', message: 'must be a network such as 10.32.0.0/16' });
}
