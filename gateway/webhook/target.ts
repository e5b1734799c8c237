import { both, CodedError, type Problem, type Rule, text } from '#proto';

/** A URL to which webhooks could go. */
export const targetRule: Rule = both(text(2048), (value, pointer, problems) => {
  const url = URL.parse(value as string);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    problems.push({ pointer, code: 'FORMAT', message: 'must be an http or https URL' });
  else if (url.username !== '' || url.password !== '')
    problems.push({ pointer, code: 'SECRET', message: 'must not hold a name or password' });
});

/** Whether our operator lets webhooks go there: the token of a platform must not reach what only we can reach. */
export function isAllowed(url: string, targets: readonly string[]): boolean {
  return targets.includes(new URL(url).origin);
}

/** @throws CodedError VALIDATION_FAILED */
export function demandAllowed(url: string, targets: readonly string[]): void {
  if (isAllowed(url, targets)) return;
  const message = 'is none of webhooks.targets of the configuration; ask who runs the gateway to list its origin';
  const problem: Problem = { pointer: '/url', code: 'NOT_IN_LIST', message };
  throw new CodedError('VALIDATION_FAILED', undefined, [problem]);
}
