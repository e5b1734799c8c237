import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether the programs of poppler are there, and what a test reports when they are not. */
export const POPPLER = spawnSync('pdftoppm', ['-v']).status === 0 && spawnSync('pdftotext', ['-v']).status === 0;
export const NO_POPPLER = 'there is no pdftoppm (poppler-utils) here';

/** A page as a reader shows it. */
export interface Shown {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue at a place, from 0 to 1 from the left and from the top. */
  at(x: number, y: number): [number, number, number];
}

/** Draws the first page. */
export function shown(pdf: Uint8Array): Shown {
  const ppm = made(pdf, 'out.ppm', 'pdftoppm', '-r', '36', '-singlefile', 'file.pdf', 'out');
  const [, columns, rows] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(ppm.toString('latin1', 0, 40))!;
  const [width, height] = [Number(columns), Number(rows)];
  const pixels = ppm.subarray(ppm.length - 3 * width * height);
  return {
    width,
    height,
    at: (x, y) => {
      const place = 3 * (Math.floor(y * height) * width + Math.floor(x * width));
      return [pixels[place]!, pixels[place + 1]!, pixels[place + 2]!];
    },
  };
}

/** The first page as a JPEG. */
export function jpegOf(pdf: Uint8Array): Buffer {
  return made(pdf, 'out.jpg', 'pdftoppm', '-r', '36', '-singlefile', '-jpeg', 'file.pdf', 'out');
}

/** What can be copied from the pages, in the order in which it was drawn, without spaces. */
export function textIn(pdf: Uint8Array): string {
  return made(pdf, 'out.txt', 'pdftotext', '-raw', 'file.pdf', 'out.txt').toString('utf8').replaceAll(/\s/g, '');
}

function made(pdf: Uint8Array, result: string, program: string, ...args: readonly string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'tongban-copy-'));
  try {
    writeFileSync(join(folder, 'file.pdf'), pdf);
    spawnSync(program, args, { cwd: folder });
    return readFileSync(join(folder, result));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
