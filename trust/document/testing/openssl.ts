import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether a program is there, and what a test reports when it is not. */
export const OPENSSL = isThere('openssl', 'version');
export const PDFSIG = isThere('pdfsig', '-v');
export const PDFTOTEXT = isThere('pdftotext', '-v');
export const NO_OPENSSL = 'there is no openssl here';
export const NO_PDFSIG = 'there is no pdfsig (poppler-utils) here';
export const NO_PDFTOTEXT = 'there is no pdftotext (poppler-utils) here';

/**
 * Runs a program in a folder with these files.
 *
 * @returns whether it succeeded, what it said, and the file `out` if it wrote one
 */
export function runWith(
  files: Readonly<Record<string, Uint8Array | string>>,
  program: string,
  ...args: readonly string[]
): { ok: boolean; said: string; out: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'tongban-document-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder });
    return { ok: status === 0, said: `${stdout}${stderr}`, out: readIfThere(join(folder, 'out')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}

function isThere(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
