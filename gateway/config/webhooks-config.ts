import { networksRule } from '#adapters';
import { fields, list, optional, type Problem, type Rule } from '#proto';

/** Where platforms may have webhooks sent that they ask for by the API. */
export interface WebhooksConfig {
  /** Origins such as `https://hall.example:8443`, as URLs name them; none by default, and then there are no webhooks. */
  readonly targets: readonly string[];
  /** Internal networks into which the names of these may lead. */
  readonly networks: readonly string[];
}

/** The section as the file has it. */
export interface WebhooksSection {
  targets?: string[] | null;
  networks?: string[] | null;
}

const MAX_TARGETS = 256;

/** What the section may say. */
export const webhooksRule: Rule = fields({
  targets: optional(list(origin, MAX_TARGETS)),
  networks: optional(networksRule),
});

/** The section with its defaults. */
export function webhooksOf({ targets, networks }: WebhooksSection): WebhooksConfig {
  return { targets: (targets ?? []).map((target) => new URL(target).origin), networks: networks ?? [] };
}

/** Scheme, host and port, and nothing else: everything behind it is for the platform to say. */
function origin(value: unknown, pointer: string, problems: Problem[]): void {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (!url || !isWeb || ![url.origin, `${url.origin}/`].includes(url.href))
    problems.push({ pointer, code: 'FORMAT', message: 'must be an origin such as https://hall.example:8443' });
}
