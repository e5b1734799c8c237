import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether programs of others are there, and what a test reports when one is not. */
export const OPENSSL = isThere('openssl', 'version');
export const PDFSIG = isThere('pdfsig', '-v');
export const PDFTOTEXT = isThere('pdftotext', '-v');
export const PDFTOPPM = isThere('pdftoppm', '-v');
export const NO_OPENSSL = 'there is no openssl here';
export const NO_PDFSIG = 'there is no pdfsig (poppler-utils) here';
export const NO_PDFTOTEXT = 'there is no pdftotext (poppler-utils) here';
export const NO_PDFTOPPM = 'there is no pdftoppm (poppler-utils) here';

/** What openssl says of the signature of a PDF and the bytes that it says it is over. */
export function opensslSays(file: Buffer): string {
  const text = file.toString('latin1');
  const [, length = 0, second = 0, rest = 0] = /\/ByteRange \[ ?(\d+) (\d+) (\d+) (\d+)/
    .exec(text)!
    .slice(1)
    .map(Number);
  const files = {
    content: Buffer.concat([file.subarray(0, length), file.subarray(second, second + rest)]),
    'sig.der': Buffer.from(text.slice(length + 1, second - 1), 'hex'),
  };
  const named = ['-in', 'sig.der', '-content', 'content', '-out', 'out'];
  return said(files, 'openssl', 'cms', '-verify', '-inform', 'DER', '-binary', '-noverify', ...named);
}

/** What poppler says of the signatures of a PDF. */
export function pdfsigSays(file: Buffer): string {
  return said({ 'file.pdf': file }, 'pdfsig', 'file.pdf');
}

/** What can be copied from the pages of a PDF, without spaces and the breaks between lines. */
export function textOf(file: Buffer): string {
  return said({ 'file.pdf': file }, 'pdftotext', 'file.pdf', '-').replaceAll(/\s/g, '');
}

/** A page as a printer would print it, in grey. */
export interface Printed {
  readonly width: number;
  readonly height: number;
  /** One byte a dot. */
  readonly dots: Buffer;
}

/** Prints a page of a PDF at 300 dots an inch. @param number from 1 */
export function printed(file: Buffer, number: number): Printed {
  const page = ['-f', String(number), '-l', String(number)];
  const { stdout } = spawnSync('pdftoppm', ['-r', '300', '-gray', ...page], {
    input: file,
    maxBuffer: 64 * 1024 * 1024,
  });
  const [head, width, height] = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(stdout.toString('latin1', 0, 40))!;
  return { width: Number(width), height: Number(height), dots: stdout.subarray(head.length) };
}

function said(files: Readonly<Record<string, Buffer>>, program: string, ...args: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'tongban-rendition-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const { stdout, stderr } = spawnSync(program, args, { cwd: folder });
    return `${stdout}${stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isThere(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args).status === 0;
}
