import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** Large, and needed only by whoever has such a platform, draws a paper or makes a certificate. */
const LATER = ['@platformatic/kafka', 'mysql2', 'ssh2', '@pdf-lib/fontkit', '@peculiar/x509'];
/** Everything that a gateway loads to start, and so all that any command does. */
const GATEWAY = new URL('../node.ts', import.meta.url).href;

it('a gateway starts without what most gateways never need', async () => {
  const program = `
    import { registerHooks } from 'node:module';
    const urls = [];
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
    await import(${JSON.stringify(GATEWAY)});
    process.stdout.write(urls.join('\\n'));
    process.exit();
  `;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { maxBuffer: 1 << 24 });
  const loaded = new Set([...stdout.matchAll(/\/node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//g)].map(([, name]) => name));
  expect([...loaded]).toContain('fastify');
  expect(LATER.filter((name) => loaded.has(name))).toEqual([]);
});
