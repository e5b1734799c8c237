import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pkcs11Custody } from '../keys/custody/custody.ts';

const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
];
const PIN = '730518';

/** Why there can be no software token on this machine; undefined when there can. */
export function withoutSoftToken(): string | undefined {
  const absent = ['softhsm2-util', 'pkcs11-tool'].filter((tool) => spawnSync(tool, ['-v']).error);
  if (!MODULES.some((path) => existsSync(path))) absent.push('libsofthsm2.so');
  return absent.length > 0 ? `not installed: ${absent.join(', ')} (Debian: apt install softhsm2 opensc)` : undefined;
}

/** A token in software (SoftHSM2), in a folder of its own. */
export class SoftToken {
  readonly folder: string;
  /** What its library needs to find it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pin = PIN;
  readonly #module = MODULES.find((path) => existsSync(path))!;

  static async make(): Promise<SoftToken> {
    const folder = await mkdtemp(join(tmpdir(), 'tongban-token-'));
    const token = new SoftToken(folder);
    await writeFile(join(folder, 'softhsm2.conf'), `directories.tokendir = ${folder}\nobjectstore.backend = file\n`);
    await writeFile(join(folder, 'pin'), `${PIN}\n`, { mode: 0o600 });
    token.#run('softhsm2-util', ['--init-token', '--free', '--label', '通办', '--so-pin', '11223344', '--pin', PIN]);
    return token;
  }

  private constructor(folder: string) {
    this.folder = folder;
    this.environment = { PATH: process.env['PATH'], SOFTHSM2_CONF: join(folder, 'softhsm2.conf') };
  }

  /** Makes an EC P-256 key in it. */
  addKey(id: string): Pkcs11Custody {
    const task = ['--keypairgen', '--key-type', 'EC:prime256v1', '--usage-sign', '--id', id, '--label', `key ${id}`];
    this.#run('pkcs11-tool', ['--module', this.#module, '--token-label', '通办', '--login', '--pin', PIN, ...task]);
    return { kind: 'pkcs11', module: this.#module, token: '通办', id, pinFile: join(this.folder, 'pin') };
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  #run(command: string, args: readonly string[]): void {
    execFileSync(command, args, { env: { ...this.environment }, stdio: 'pipe' });
  }
}
