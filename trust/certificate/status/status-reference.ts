import { fields, integer, type Rule } from '#proto';

/** Where the issuer says how a certificate stands: its claim `status.status_list`. */
export interface StatusReference {
  /** Address of the list, which names it wherever it was read. */
  readonly uri: string;
  /** Entry within the list, from 0. */
  readonly idx: number;
}

const MAX_URI = 1024;

/** The address of a status list, in the one way in which it is written. */
export const statusUriRule: Rule = (value, pointer, problems) => {
  const url = typeof value === 'string' && value.length <= MAX_URI ? URL.parse(value) : null;
  const good =
    url !== null && url.href === value && /^https?:$/.test(url.protocol) && url.username === '' && url.hash === '';
  if (!good) problems.push({ pointer, code: 'FORMAT', message: 'must be the http or https address of a status list' });
};

export const statusReferenceRule: Rule = fields({ idx: integer(0, 2 ** 32), uri: statusUriRule });
