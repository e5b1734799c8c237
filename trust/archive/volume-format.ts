import { checkRegionCode, fields, identifier, instant, integer, oneOf, type Problem, type Rule, text } from '#proto';
import { VerificationError } from '../errors.ts';

/** First words of a volume, and what its seal names. */
export const VOLUME_FORMAT = 'tongban-archive/1';
/** Bytes of one line of a volume, at most: the largest bundle that is archived. */
export const VOLUME_LINE_BYTES = 64 * 1024 * 1024;

/** First line of a volume (归档卷). */
export interface VolumeHead {
  readonly format: typeof VOLUME_FORMAT;
  /** Region whose evidence it holds. */
  readonly region: string;
  /** From 1, without gaps. */
  readonly number: number;
  /** SHA-256 of the file of the volume before, hex; empty for the first. */
  readonly previous: string;
  /** Milliseconds. */
  readonly opened_at: number;
}

/** A line in between: the evidence of one case or one check. */
export interface ArchivedEvidence {
  readonly kind: 'case' | 'check';
  /** Conversation of the case, or id of the question. */
  readonly id: string;
  /** The other region. */
  readonly peer: string;
  /** The evidence bundle (存证包) as its file would hold it. */
  readonly bundle: object;
}

/** Last line: seals everything before it. */
export interface VolumeFoot {
  /** Compact JWS with {@link VolumeClaims}. */
  readonly seal: string;
}

/** What the region signs when it closes a volume. */
export interface VolumeClaims {
  /** `urn:tongban:region:CODE`. */
  readonly iss: string;
  readonly format: typeof VOLUME_FORMAT;
  readonly number: number;
  readonly previous: string;
  /** Lines between the first and the last one. */
  readonly entries: number;
  /** Base64url SHA-256 of all lines before the last one, each with its line feed. */
  readonly digest: string;
  /** Milliseconds. */
  readonly closed_at: number;
}

const digest = text(64, { pattern: /^[0-9a-f]{64}$/, hint: 'must be a SHA-256 in lower-case hex' });
const nothing = oneOf('');

const headRule = fields({
  format: oneOf(VOLUME_FORMAT),
  region: identifier(checkRegionCode),
  number: integer(1),
  previous: (value, pointer, problems) => (value === '' ? nothing : digest)(value, pointer, problems),
  opened_at: instant,
});

const evidenceRule = fields({
  kind: oneOf('case', 'check'),
  id: text(36),
  peer: identifier(checkRegionCode),
  bundle: (value, pointer, problems) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      problems.push({ pointer, code: 'TYPE', message: 'must be an object' });
  },
});

const footRule = fields({ seal: text(16 * 1024) });

/** Reads the first line. @throws VerificationError ARCHIVE_INVALID */
export function readHead(line: string): VolumeHead {
  return readLine<VolumeHead>(line, headRule, 'the first line');
}

/** Whether a line is the last one of its volume. */
export function isFoot(line: string): boolean {
  return line.startsWith('{"seal":');
}

/** Reads the last line. @throws VerificationError ARCHIVE_INVALID */
export function readFoot(line: string): VolumeFoot {
  return readLine<VolumeFoot>(line, footRule, 'the last line');
}

/** Reads a line in between. @throws VerificationError ARCHIVE_INVALID */
export function readEvidence(line: string, number: number): ArchivedEvidence {
  return readLine<ArchivedEvidence>(line, evidenceRule, `line ${number}`);
}

/** A line as it stands in the file. @throws VerificationError ARCHIVE_INVALID when it is too large */
export function lineOf(value: VolumeHead | ArchivedEvidence | VolumeFoot): string {
  const line = `${JSON.stringify(value)}\n`;
  if (Buffer.byteLength(line) > VOLUME_LINE_BYTES)
    throw new VerificationError('ARCHIVE_INVALID', `the evidence is larger than ${VOLUME_LINE_BYTES} bytes`);
  return line;
}

function readLine<T>(line: string, rule: Rule, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new VerificationError('ARCHIVE_INVALID', `${what} is not JSON`);
  }
  const problems: Problem[] = [];
  rule(value, '', problems);
  const [first] = problems;
  if (first) throw new VerificationError('ARCHIVE_INVALID', `${what}: ${first.pointer} ${first.message}`, problems);
  return value as T;
}
