import {
  both,
  checkRegionCode,
  fields,
  identifier,
  integer,
  LIMITS,
  list,
  oneOf,
  optional,
  type Problem,
  type Rule,
  record,
  text,
} from '#proto';
import { isWildcard, parseAddress } from './address.ts';
import { archiveRule } from './archive-config.ts';
import { atRestRule } from './at-rest-config.ts';
import { auditRule } from './audit-config.ts';
import { calendarRule } from './calendar-config.ts';
import { certificatesRule } from './certificates-config.ts';
import { checksRule } from './checks-config.ts';
import { documentsRule } from './documents-config.ts';
import { federationRule } from './federation-config.ts';
import { httpTlsRule } from './http-tls-config.ts';
import { materialsRule } from './materials-config.ts';
import { replicaRule } from './replica-config.ts';
import { retentionRule } from './retention-config.ts';
import { sealRule } from './seal-config.ts';
import { servicesRule } from './services-config.ts';
import { signersRule } from './signer-config.ts';
import { storeRule } from './store-config.ts';
import { timestampRule } from './timestamp-config.ts';
import { tokensRule } from './tokens-config.ts';
import { proxiesRule, verificationRule } from './verification-config.ts';
import { webhooksRule } from './webhooks-config.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;

const MAX_PLATFORMS = 32;
const MAX_VIA = 5_000;
const MAX_PLATFORM_SETTINGS = 64;
const GIBIBYTE = 1024 ** 3;

const path = text(4096);

/** By section, or setting of the first level. */
const RULES: Readonly<Record<string, Rule>> = {
  region: demanded(both(quoted, identifier(checkRegionCode))),
  name: demanded(text(100)),
  data: optional(path),
  http: optional(
    fields({
      listen: optional(address({ wildcard: true })),
      trusted_proxies: optional(proxiesRule),
      tls: optional(httpTlsRule),
    }),
  ),
  peer: demanded(
    fields({
      listen: optional(address({ wildcard: true })),
      endpoint: demanded(address({ wildcard: false })),
      via: optional(record(identifier(checkRegionCode), address({ wildcard: false }), MAX_VIA)),
    }),
  ),
  store: optional(storeRule),
  keys: optional(
    fields({ directory: optional(path), passphrase_file: optional(path), signers: optional(signersRule) }),
  ),
  log: optional(fields({ level: optional(oneOf(...LOG_LEVELS)), file: optional(path) })),
  platforms: optional(list(platform, MAX_PLATFORMS)),
  services: optional(servicesRule),
  limits: optional(
    fields({
      outbox_per_peer: optional(integer(1, 100_000_000)),
      staging_bytes_per_peer: optional(integer(LIMITS.materialBytes, 1024 * GIBIBYTE)),
      streams_per_peer: optional(integer(1, LIMITS.streamsPerPeer)),
      connections: optional(integer(16, 1_000_000)),
      connections_per_caller: optional(integer(8, 1_000_000)),
      http_body_bytes: optional(integer(64 * 1024, 64 * 1024 * 1024)),
      http_requests_per_minute: optional(integer(1, 10_000_000)),
    }),
  ),
  evidence: optional(
    fields({ checkpoint_interval_ms: optional(integer(10, 60_000)), timestamps: optional(timestampRule) }),
  ),
  tokens: optional(tokensRule),
  federation: optional(federationRule),
  documents: optional(documentsRule),
  certificates: optional(certificatesRule),
  seal: optional(sealRule),
  checks: optional(checksRule),
  calendar: optional(calendarRule),
  retention: optional(retentionRule),
  audit: optional(auditRule),
  materials: optional(materialsRule),
  archive: optional(archiveRule),
  at_rest: optional(atRestRule),
  verification: optional(verificationRule),
  webhooks: optional(webhooksRule),
  replica: optional(replicaRule),
};

/** Names of the first level. */
export const SECTIONS: readonly string[] = Object.keys(RULES);

/** What a config file may say, in the names of the file. Sections and settings that have a default may be absent. */
export const configRule: Rule = both(fields(RULES), platformNamesDiffer);

/** A setting without a default: says "is required" instead of complaining about the type of nothing. */
function demanded(rule: Rule): Rule {
  return (value, pointer, problems) => {
    if (value === null || value === undefined) problems.push({ pointer, code: 'REQUIRED', message: 'is required' });
    else rule(value, pointer, problems);
  };
}

/** YAML reads 320600 as a number, and would drop the leading zero of another code. */
function quoted(value: unknown, pointer: string, problems: Problem[]): void {
  if (typeof value === 'number') problems.push({ pointer, code: 'TYPE', message: 'must be text: write it in quotes' });
}

function address(options: { wildcard: boolean }): Rule {
  const hint = options.wildcard ? "must be 'host:port'" : "must be 'host:port' by which peers reach this gateway";
  return (value, pointer, problems) => {
    const parsed = typeof value === 'string' ? parseAddress(value) : undefined;
    const dialable = parsed !== undefined && parsed.port !== 0 && !isWildcard(parsed);
    if (!(options.wildcard ? parsed : dialable)) problems.push({ pointer, code: 'FORMAT', message: hint });
  };
}

/** Only the two settings that every kind has; the catalog of adapters looks at the rest. */
function platform(value: unknown, pointer: string, problems: Problem[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push({ pointer, code: 'TYPE', message: 'must be an object with kind and name' });
    return;
  }
  const { kind, name, ...settings } = value as Record<string, unknown>;
  const word = text(50, { pattern: /^[a-z][a-z0-9-]*$/, hint: 'must be lower-case letters, digits and hyphens' });
  fields({ kind: demanded(word), name: demanded(word) })({ kind, name }, pointer, problems);
  if (Object.keys(settings).length > MAX_PLATFORM_SETTINGS)
    problems.push({ pointer, code: 'TOO_MANY', message: `has more than ${MAX_PLATFORM_SETTINGS} settings` });
}

function platformNamesDiffer(value: unknown, pointer: string, problems: Problem[]): void {
  const platforms = (value as { platforms?: { name: string }[] | null }).platforms ?? [];
  const seen = new Set<string>();
  platforms.forEach(({ name }, index) => {
    if (seen.has(name))
      problems.push({
        pointer: `${pointer}/platforms/${index}/name`,
        code: 'DUPLICATE',
        message: 'another platform has this name',
      });
    seen.add(name);
  });
}
