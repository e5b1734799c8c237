import { CodedError, type ErrorCode, isRegionCode } from '#proto';
import {
  ANCHOR_FILES,
  type AnchorPapers,
  anchorsOf,
  type RegionStatement,
  readSubordinate,
  type SubordinateStatement,
  type TrustedAnchor,
  trustBelow,
  trustPinned,
  type VouchedRegion,
  verifyAnchorIndex,
  verifyTrustMark,
  vouchFor,
} from '#trust';
import type { AnchorConfig } from '../config/federation-config.ts';
import type { AnchorCopies, AnchorCopy } from './anchor-copies.ts';
import type { AnchorSource } from './anchor-watch.ts';

/** An anchor, pinned or below another, as far as its chain is good. */
export interface AnchorFinding extends AnchorSource {
  /** Empty until a copy was read. */
  readonly name: string;
  /** Absent when its chain is not good; the code says why. */
  readonly anchor?: TrustedAnchor;
  /** Name of the anchor that vouches for it; undefined for a pinned one. */
  readonly superior: string | undefined;
  readonly code: ErrorCode | '';
}

/** What one anchor's word about a region is worth. */
export interface RegionFinding {
  readonly region: string;
  readonly anchor: TrustedAnchor;
  /** Absent when the chain is not good; the code says why. */
  readonly vouched?: VouchedRegion;
  /** Milliseconds; end of the newest trust mark of the wanted type that is not past its grace. */
  readonly markUntil?: number;
  readonly code: ErrorCode | '';
}

/** What the copies that we hold prove at one moment. */
export interface Assessment {
  readonly anchors: readonly AnchorFinding[];
  readonly regions: readonly RegionFinding[];
  /** Milliseconds; the first moment at which it may prove less, new copies aside. */
  readonly changesAt: number;
}

export interface AssessOptions {
  readonly pins: readonly AnchorConfig[];
  readonly copies: Pick<AnchorCopies, 'file'>;
  /** The newest copy of an anchor's files, wherever it was read. */
  readonly copyOf: (identity: string) => AnchorCopy | undefined;
  /** Whether we want to know of a region. */
  readonly isWanted: (region: string) => boolean;
  /** Statement that we hold of a region, to spare its verification. */
  readonly known: (region: string) => RegionStatement | undefined;
  readonly mark: { readonly type: string; readonly graceMs: number } | undefined;
  /** Milliseconds. */
  readonly now: number;
}

/** Anchors that are looked at through all chains together. */
const MAX_ANCHORS = 200;

/** Follows every chain from the pinned anchors to the regions, and says of each link what it is worth. */
export async function assess(options: AssessOptions): Promise<Assessment> {
  const walk = new Walk(options);
  for (const pin of options.pins) {
    const { identity, url, maxPathLength } = pin;
    const limit = maxPathLength === undefined ? {} : { maxPathLength };
    await walk.anchor({ identity, url }, undefined, (papers) =>
      trustPinned(papers, { identity, ...limit }, options.now),
    );
  }
  const { anchors, regions } = walk;
  return { anchors, regions, changesAt: changesAt(walk, options) };
}

/** The files of one copy, as texts. */
type Files = (path: string) => Promise<string | undefined>;

class Walk {
  readonly anchors: AnchorFinding[] = [];
  readonly regions: RegionFinding[] = [];
  readonly #options: AssessOptions;
  readonly #files = new Map<TrustedAnchor, Files>();

  constructor(options: AssessOptions) {
    this.#options = options;
  }

  /** Looks at one anchor, then at all that it vouches for. */
  async anchor(
    source: AnchorSource,
    superior: TrustedAnchor | undefined,
    trust: (papers: AnchorPapers) => Promise<TrustedAnchor>,
  ): Promise<void> {
    const found = { ...source, name: '', superior: superior?.name };
    try {
      const copy = this.#options.copyOf(source.identity);
      if (!copy) throw new CodedError('ANCHOR_UNREACHABLE', 'its files were never read');
      const { name, files } = await this.#open(copy);
      found.name = name;
      const anchor = await trust({
        index: copy.index,
        configuration: await demanded(files, ANCHOR_FILES.configuration),
        revocations: await demanded(files, ANCHOR_FILES.revocations),
      });
      this.anchors.push({ ...found, anchor, code: '' });
      this.#files.set(anchor, files);
      for (const subject of subordinatesOf(anchor)) await this.#subordinate(anchor, subject, files, source.url);
    } catch (error) {
      this.anchors.push({ ...found, code: codeOf(error) });
    }
  }

  async #subordinate(anchor: TrustedAnchor, name: string, files: Files, url: string): Promise<void> {
    const { now, isWanted } = this.#options;
    if (isRegionCode(name)) return isWanted(name) ? this.#region(anchor, name, files) : undefined;
    if (this.anchors.length >= MAX_ANCHORS) return;
    try {
      const said = await readSubordinate(anchor, name, await demanded(files, ANCHOR_FILES.subordinate(name)), now);
      const source = { identity: said.key.kid, url: locationOf(said, url) };
      await this.anchor(source, anchor, (papers) => trustBelow(anchor, said, papers, now));
    } catch (error) {
      this.anchors.push({ identity: '', url: '', name, superior: anchor.name, code: codeOf(error) });
    }
  }

  async #region(anchor: TrustedAnchor, region: string, files: Files): Promise<void> {
    const { now, known } = this.#options;
    try {
      const said = await readSubordinate(anchor, region, await demanded(files, ANCHOR_FILES.subordinate(region)), now);
      const text = await demanded(files, ANCHOR_FILES.statement(region));
      const held = known(region);
      const vouched = await vouchFor(anchor, said, held?.jwt === text ? held : text);
      this.regions.push({ region, anchor, vouched, code: '', ...(await this.#mark(vouched)) });
    } catch (error) {
      this.regions.push({ region, anchor, code: codeOf(error) });
    }
  }

  /** The best mark that any anchor of the chain gives. */
  async #mark(vouched: VouchedRegion): Promise<{ markUntil?: number; code?: ErrorCode }> {
    const { mark, now } = this.#options;
    if (!mark) return {};
    const best: { markUntil?: number; code?: ErrorCode } = { code: 'TRUST_MARK_MISSING' };
    for (const anchor of anchorsOf(vouched.anchor)) {
      const jwt = await this.#files.get(anchor)?.(ANCHOR_FILES.mark(vouched.statement.region, mark.type));
      if (jwt === undefined) continue;
      try {
        const { expiresAt } = verifyTrustMark(jwt, vouched, mark.type, now - mark.graceMs);
        best.markUntil = Math.max(best.markUntil ?? 0, expiresAt);
      } catch (error) {
        best.code = codeOf(error) || 'TRUST_MARK_INVALID';
      }
    }
    return best.markUntil === undefined ? best : { markUntil: best.markUntil };
  }

  async #open(copy: AnchorCopy): Promise<{ name: string; files: Files }> {
    const { name, files: listed } = await verifyAnchorIndex(copy.index, copy.identity);
    const files: Files = async (path) => {
      const digest = listed.get(path);
      return digest === undefined ? undefined : this.#options.copies.file(digest);
    };
    return { name, files };
  }
}

function subordinatesOf({ index }: TrustedAnchor): string[] {
  const folder = ANCHOR_FILES.subordinate('').replace('.jwt', '');
  return [...index.files.keys()]
    .filter((path) => path.startsWith(folder))
    .map((path) => path.slice(folder.length, -'.jwt'.length))
    .toSorted();
}

/** An anchor on a web server must not make us read files of this machine. */
function locationOf({ location }: SubordinateStatement, superior: string): string {
  if (location!.startsWith('file:') && !superior.startsWith('file:'))
    throw new CodedError('CHAIN_INVALID', 'an anchor on a web server names a place in the file system');
  return location!;
}

async function demanded(files: Files, path: string): Promise<string> {
  const text = await files(path);
  if (text === undefined) throw new CodedError('CHAIN_INVALID', `the anchor publishes no ${path}`);
  return text;
}

/** What the code of a fault is; a fault of our own is thrown on. */
function codeOf(error: unknown): ErrorCode {
  if (error instanceof CodedError) return error.code;
  throw error;
}

function changesAt({ anchors, regions }: Walk, { now, mark }: AssessOptions): number {
  const marks = regions.flatMap(({ markUntil: end }) => (end === undefined ? [] : [end, end + (mark?.graceMs ?? 0)]));
  const ends = [
    ...anchors.map(({ anchor }) => anchor?.expiresAt ?? Number.POSITIVE_INFINITY),
    ...regions.map(({ vouched }) => vouched?.expiresAt ?? Number.POSITIVE_INFINITY),
    ...marks,
  ];
  return ends.reduce((first, end) => (end > now ? Math.min(first, end) : first), Number.POSITIVE_INFINITY);
}
