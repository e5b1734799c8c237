import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

/** What can be known of the container and service files without containers and without systemd. */

const ROOT = join(import.meta.dirname, '..');
const CLI = join(ROOT, 'gateway/cli/main.ts');

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tongban-deploy-'));
  mkdirSync(join(folder, 'bin'));
  // As the image does it.
  symlinkSync(CLI, join(folder, 'bin/tongban'));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('the compose file', () => {
  const { services } = parse(read('compose/compose.yaml'), { merge: true }) as {
    services: Record<string, { command?: string[]; environment: Record<string, string>; ports?: string[] }>;
  };

  it.each(['nantong', 'uxin'])('makes the gateway of %s once, and listens where the health check asks', (region) => {
    const data = join(folder, region);
    mkdirSync(data);
    const command = services[`${region}-init`]!.command![0]!.replaceAll('/data', data);
    const first = sh(command);
    expect(first.stderr).toBe('');
    expect(first.status).toBe(0);
    const config = readFileSync(join(data, 'gateway.yaml'), 'utf8');
    expect(parse(config)).toMatchObject({
      http: { listen: '0.0.0.0:8080' },
      peer: { endpoint: `${region}:7443` },
    });
    expect(sh(command)).toMatchObject({ status: 0, stdout: '' });
    expect(readFileSync(join(data, 'gateway.yaml'), 'utf8')).toBe(config);
    expect(services[region]!.ports![0]).toMatch(/^127\.0\.0\.1:\d+:8080$/);
    expect(read('container/Dockerfile')).toContain('http://127.0.0.1:8080/readyz');
  });

  it('takes every passphrase from the file beside it', () => {
    const example = read('compose/example.env');
    for (const { environment } of Object.values(services)) {
      const [, name] = /^\$\{([A-Z_]+):\?/.exec(environment['TONGBAN_PASSPHRASE']!)!;
      expect(example).toContain(`${name}=`);
    }
  });
});

describe('the container file', () => {
  const lines = read('container/Dockerfile').split('\n');

  it('copies what there is, and lets the ignore file through to it', () => {
    const copied = lines.flatMap((line) => /^COPY (.+) \S+$/.exec(line)?.[1]?.split(' ') ?? []);
    expect(copied).toContain('gateway');
    for (const source of copied) {
      expect(existsSync(join(ROOT, source)), source).toBe(true);
      expect(read('container/Dockerfile.dockerignore')).toContain(`!${source}\n`);
    }
  });

  it('runs the major version of Node that package.json pins', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: { node: string };
    };
    expect(lines).toContain(`FROM node:${dependencies.node.split('.')[0]}-slim`);
  });
});

describe('the service file', () => {
  it('starts a command that exists, with options that it knows', () => {
    const [, command] = /^ExecStart=(.+)$/m.exec(read('systemd/tongban.service'))!;
    const here = command!.replaceAll('/opt/tongban', ROOT).replace(/ --gateway \S+$/, '');
    expect(command).toMatch(/ start --gateway \/var\/lib\/tongban$/);
    const help = sh(`${here} --help`);
    expect(help.status).toBe(0);
    expect(help.stdout).toContain('--gateway');
  });
});

function read(file: string): string {
  return readFileSync(join(import.meta.dirname, file), 'utf8');
}

function sh(command: string) {
  const PATH = [join(folder, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter);
  const env = { ...process.env, PATH, TONGBAN_PASSPHRASE: 'only for this test' };
  return spawnSync('sh', ['-c', command], { encoding: 'utf8', env });
}
