import { both, type Rule, text } from '#proto';

/** Values of a query; a list is a name that comes several times. */
export type QueryValues = Readonly<Record<string, string | number | boolean | null | readonly (string | number)[]>>;

/** A path below the URL of a platform, as configurations write it. */
export const pathRule: Rule = both(text(1024), (value, pointer, problems) => {
  if (!isPlainPath(value as string))
    problems.push({ pointer, code: 'FORMAT', message: 'must begin with / and have no ?, #, \\ or ..' });
});

/**
 * The address of a path below the URL of a platform. Nothing that a platform or a mapping says leads anywhere else.
 *
 * @param path begins with `/`; without it the URL itself
 * @returns undefined when the path is none
 */
export function below(base: URL, path: string | undefined, query: QueryValues = {}): URL | undefined {
  const url = new URL(base);
  if (path !== undefined) {
    if (!isPlainPath(path)) return undefined;
    url.pathname = `${base.pathname.replace(/\/+$/, '')}${path}`;
  }
  for (const [name, value] of Object.entries(query)) {
    url.searchParams.delete(name);
    for (const one of [value].flat()) if (one !== null) url.searchParams.append(name, String(one));
  }
  return url;
}

/**
 * The address of a file as a record names it: a path of the same host, with its query, or the whole address.
 *
 * @returns undefined when it is elsewhere, or none
 */
export function atSameHost(base: URL, from: string): URL | undefined {
  if (/[\\\p{Cc}\s]/u.test(from)) return undefined;
  const url = URL.parse(from, base);
  const isThere = url?.origin === base.origin && url.username === '' && url.password === '';
  return isThere ? url : undefined;
}

function isPlainPath(path: string): boolean {
  if (!path.startsWith('/') || path.startsWith('//') || /[?#\\\p{Cc}]/u.test(path)) return false;
  return !path.split('/').some((step) => /^(\.|%2e){1,2}$/i.test(step));
}
