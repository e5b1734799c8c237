import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createClient } from '@hey-api/openapi-ts';

/** Where the example looks for its client. */
const OUT = fileURLToPath(new URL('../deploy/examples/platform-client/generated', import.meta.url));

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly 'x-roles'?: readonly string[] }>>>>;
}

/**
 * Generates the TypeScript client of a gateway's REST API, as far as a platform may call it, from what the gateway says
 * of itself. The result needs nothing but `fetch`.
 *
 * @param url of a running gateway
 * @param out folder that is written
 */
export async function generateClient(url: string, out = OUT): Promise<void> {
  const answer = await fetch(new URL('/openapi.json', url));
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}; is the gateway running?`);
  await createClient({
    input: forPlatforms((await answer.json()) as Description) as Record<string, unknown>,
    output: { path: out, module: { extension: '.ts' } },
    plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
    logs: { level: 'silent', file: false },
  });
}

function forPlatforms({ paths, ...rest }: Description): object {
  const kept = Object.entries(paths).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).filter(([, one]) => one['x-roles'] === undefined || one['x-roles'].includes('platform')),
    ),
  ]);
  return { ...rest, paths: Object.fromEntries(kept) };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { from: { type: 'string' }, out: { type: 'string' } } });
  const from = values.from ?? 'http://127.0.0.1:8080';
  await generateClient(from, values.out);
  process.stdout.write(`客户端已生成 / the client is in ${values.out ?? OUT}\n`);
}
