import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  ANCHOR_FILES,
  fileDigest,
  issueAnchorConfiguration,
  issueAnchorIndex,
  issueRevocations,
  type Signer,
  verifyStatement,
} from '#trust';
import { writeText } from '../files.ts';
import type { AnchorFolder } from './anchor-folder.ts';

export interface Publication {
  readonly key: Signer;
  /** Milliseconds. */
  readonly now: number;
  /** Milliseconds that the whole publication is good for. */
  readonly lifetimeMs: number;
}

/** What was published, and what its operators should do something about. */
export interface Published {
  readonly serial: number;
  readonly files: number;
  /** Milliseconds. */
  readonly expiresAt: number;
  readonly notes: readonly string[];
}

/** Sub-folders that hold nothing but published files. */
const FOLDERS = ['subordinates', 'statements', 'marks'] as const;

/**
 * Writes what the anchor says now into a folder that any web server can serve. Readers see the old publication or the
 * new one: the index comes last, each file appears whole, and what the new index does not list goes after it.
 *
 * @throws CodedError VALIDATION_FAILED when a file cannot be written; the old index then stands
 */
export async function publish(folder: AnchorFolder, out: string, publication: Publication): Promise<Published> {
  const { key, now, lifetimeMs } = publication;
  const { name, title, location, constraints } = folder.state;
  const serial = folder.state.published + 1;
  const expiresAt = now + lifetimeMs;
  const dates = { issuedAt: now, expiresAt };
  // Before anything is readable: no serial may ever stand under two indexes.
  await folder.save({ published: serial, withdrawn: folder.state.withdrawn.filter((entry) => entry.expiresAt > now) });
  const files = await memberFiles(folder);
  const content = { name, title, location, constraints, ...dates };
  files.set(ANCHOR_FILES.configuration, await issueAnchorConfiguration(key, content));
  files.set(ANCHOR_FILES.revocations, await issueRevocations(key, name, folder.state.withdrawn, now));
  const digests = new Map([...files].map(([path, text]) => [path, fileDigest(text)]));
  const index = await issueAnchorIndex(key, { name, serial, files: digests, ...dates });
  const root = resolve(out);
  for (const [path, text] of files) await put(root, path, text);
  await put(root, ANCHOR_FILES.index, index);
  await removeOthers(root, files);
  return { serial, files: files.size + 1, expiresAt, notes: await notesOn(folder, files, expiresAt) };
}

/** What was issued about the members, and the regions' own statements. */
async function memberFiles(folder: AnchorFolder): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const add = async (path: string) => {
    const text = await folder.file(path);
    if (text !== undefined) files.set(path, text);
  };
  for (const { kind, name, issued } of folder.state.members) {
    if (issued.length === 0) continue;
    await add(ANCHOR_FILES.subordinate(name));
    if (kind === 'region') await add(ANCHOR_FILES.statement(name));
  }
  for (const { region, type } of folder.state.marks) await add(ANCHOR_FILES.mark(region, type));
  return files;
}

/** An unchanged file is left alone, so that caches and ETags stay good. */
async function put(root: string, path: string, text: string): Promise<void> {
  const file = join(root, path);
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) return;
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  await writeText(file, text, 0o644);
}

async function removeOthers(root: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const folder of FOLDERS) {
    const names = await readdir(join(root, folder)).catch(() => []);
    for (const name of names) {
      const path = `${folder}/${name}`;
      if (name.endsWith('.jwt') && !files.has(path)) await rm(join(root, path), { force: true });
    }
  }
}

async function notesOn(folder: AnchorFolder, files: ReadonlyMap<string, string>, until: number): Promise<string[]> {
  const notes: string[] = [];
  const say = (name: string, ms: number, what: string) => {
    if (ms < until) notes.push(`${name}: ${what} / ends ${new Date(ms).toISOString().slice(0, 10)}`);
  };
  for (const { name, kind, issued } of folder.state.members) {
    const newest = issued.at(-1);
    if (!newest)
      notes.push(`${name}: 尚未签发,请执行 tongban anchor issue / not issued yet, run: tongban anchor issue`);
    else say(name, newest.expiresAt, '担保先于本次发布到期,请重新签发 (tongban anchor issue)');
    const statement = kind === 'region' ? files.get(ANCHOR_FILES.statement(name)) : undefined;
    if (statement)
      say(name, (await verifyStatement(statement)).expiresAt, '地区声明先于本次发布到期,请向该地区索取新声明');
  }
  for (const { region, type, expiresAt } of folder.state.marks)
    say(`${region} ${type}`, expiresAt, '信任标志先于本次发布到期');
  return notes.slice(0, 100);
}
