import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readStatement, type Statement } from './documents.ts';
import { type Fault, verifyEvidence } from './evidence.ts';
import { is, isObject, matching, object, oneOf, region, text, whole } from './shape.ts';
import { demandNotRevoked, demandSignature, demandValid, readJws, URN } from './signed.ts';
import { demand, Refused } from './wire.ts';

/** Volumes of the archive of proto/README.md. */

const CODE = 'ARCHIVE_INVALID';
const FORMAT = 'tongban-archive/1';
const MIB = 1024 * 1024;
const DIGEST = matching(/^([0-9a-f]{64})?$/);

const HEAD = object({ format: oneOf(FORMAT), region, number: whole(1), previous: DIGEST, opened_at: whole() });
const ENTRY = object({
  kind: oneOf('case', 'check'),
  id: text(1, 36),
  peer: region,
  bundle: is(isObject, 'a bundle is needed'),
});
const FOOT = object({ seal: text(1, 16 * 1024) });

interface Head {
  readonly region: string;
  readonly number: number;
  readonly previous: string;
  readonly opened_at: number;
}

export interface Volume {
  readonly region: string;
  readonly number: number;
  /** SHA-256 of the file before, hex; empty for the first. */
  readonly previous: string;
  /** SHA-256 of the file, hex. */
  readonly digest: string;
  /** Texts of its bundles. */
  readonly bundles: readonly string[];
}

/**
 * Verifies the seal of a volume. Its bundles are for `verifyEvidence`.
 *
 * @param file as it lies in the archive
 * @throws Refused ARCHIVE_INVALID or a code of the signed objects
 */
export function verifyVolume(file: Buffer, issuer: Statement): Volume {
  const lines = linesOf(unpacked(file));
  const [first, ...rest] = lines;
  const last = rest.pop();
  demand(first !== undefined && last !== undefined, CODE, 'a volume has a first and a last line');
  const head = json(first);
  HEAD(head, CODE);
  const { region: owner, number, previous } = head as Head;
  const entries = rest.map((line) => {
    const entry = json(line);
    ENTRY(entry, CODE);
    return entry as { readonly bundle: object };
  });
  const foot = json(last);
  FOOT(foot, CODE);
  const jws = readJws((foot as { seal: string }).seal, 'tongban-archive-volume+jwt');
  const signing = issuer.keys.filter(({ purpose }) => purpose === 'signing');
  const key = demandSignature(jws, signing);
  const { claims } = jws;
  demand(claims['iss'] === `${URN}${owner}` && owner === issuer.region, 'ISSUER_MISMATCH', 'sealed by another region');
  demand(claims['format'] === FORMAT && Number.isSafeInteger(claims['closed_at']), CODE, 'not the seal of a volume');
  demandNotRevoked(key);
  demandValid(key, claims['closed_at'] as number);
  const content = createHash('sha256').update([first, ...rest].map((line) => `${line}\n`).join(''));
  const isOfIt =
    claims['digest'] === content.digest('base64url') &&
    claims['entries'] === entries.length &&
    claims['number'] === number &&
    claims['previous'] === previous;
  demand(isOfIt, CODE, 'the seal is of another content');
  const digest = createHash('sha256').update(file).digest('hex');
  return { region: owner, number, previous, digest, bundles: entries.map(({ bundle }) => JSON.stringify(bundle)) };
}

/**
 * Verifies all volumes of a folder: their seals, that they follow one another from number 1, and every bundle.
 *
 * @param statements JWTs, that of the archive's region first
 * @param now milliseconds
 */
export function verifyArchive(
  folder: string,
  statements: readonly string[],
  now: number,
): { readonly volumes: number; readonly bundles: number; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const fault = (where: string, code: string, message: string) => faults.push({ where, code, message });
  const issuer = readStatement(statements[0] ?? '');
  const names = readdirSync(folder)
    .filter((name) => /^\d{6,}\.ndjson\.gz$/.test(name))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  if (names.length === 0) fault(folder, 'NOT_FOUND', 'there is no volume');
  let bundles = 0;
  let newest = '';
  for (const [index, name] of names.entries()) {
    try {
      const volume = verifyVolume(readFileSync(join(folder, name)), issuer);
      if (volume.number !== index + 1) fault(name, CODE, `volume ${index + 1} is missing, or has another name`);
      if (volume.previous !== newest) fault(name, CODE, 'it does not continue the volume before it');
      newest = volume.digest;
      for (const bundle of volume.bundles) {
        bundles += 1;
        const report = verifyEvidence(bundle, statements, { now });
        for (const one of report.faults) fault(`${name}/${one.where}`, one.code, one.message);
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      fault(name, error.code, error.message);
      newest = '';
    }
  }
  return { volumes: names.length, bundles, faults };
}

function unpacked(file: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      gunzipSync(file, { maxOutputLength: 1024 * MIB }),
    );
  } catch {
    throw new Refused(CODE, 'the file is not gzip of UTF-8');
  }
}

function linesOf(content: string): string[] {
  demand(content.endsWith('\n'), CODE, 'the file ends in the middle of a line');
  const lines = content.slice(0, -1).split('\n');
  demand(
    lines.every((line) => Buffer.byteLength(line) < 64 * MIB),
    CODE,
    'a line is too long',
  );
  return lines;
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Refused(CODE, 'a line is not JSON');
  }
}
