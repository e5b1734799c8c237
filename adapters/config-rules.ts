import { isAbsolute } from 'node:path';
import { both, type Rule, text } from '#proto';

/** What an operator may call a platform; it appears in logs and metrics. */
export const adapterName: Rule = text(64, {
  pattern: /^[a-z0-9][a-z0-9_-]*$/,
  hint: 'must be lower-case letters, digits, - and _',
});

/** Path of a file or folder that does not depend on where the gateway was started. */
export const absolutePath: Rule = both(text(1024), (value, pointer, problems) => {
  if (!isAbsolute(value as string)) problems.push({ pointer, code: 'FORMAT', message: 'must be an absolute path' });
});
