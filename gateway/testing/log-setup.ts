import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOG_FOLDER } from '../../proto/testing/kept-logs.ts';

/** Makes the folder for the logs of a run, which all its tests and the programs that they start inherit. */
export default function setup(): (() => void) | undefined {
  if (process.env[LOG_FOLDER] !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'tongban-logs-'));
  process.env[LOG_FOLDER] = folder;
  return () => {
    delete process.env[LOG_FOLDER];
    rmSync(folder, { recursive: true });
  };
}
