import type { Store } from '../store/store.ts';

/** The last good copy of what an anchor published, as it was read at one place. */
export interface AnchorCopy {
  /** RFC 7638 thumbprint of the anchor's identity key. */
  readonly identity: string;
  /** Where it was read. */
  readonly url: string;
  /** Serial of the index. */
  readonly serial: number;
  readonly etag: string;
  /** The index, as text. */
  readonly index: string;
  /** Milliseconds; when the anchor last showed that this is its newest. */
  readonly seenAt: number;
}

/** Files that no index lists any more are kept so long, in ms: another reading may be about to need them. */
const KEEP_MS = 24 * 60 * 60 * 1000;
/** Rows removed in one unit of work. */
const SWEEP_ROWS = 500;

/** What we hold of the anchors: an index each, and their files by digest. */
export class AnchorCopies {
  readonly #store: Store;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  all(): Promise<AnchorCopy[]> {
    return this.#store.read.all<AnchorCopy & Record<string, never>>(
      'SELECT identity, url, serial, etag, index_text AS "index", seen_at AS seenAt FROM anchor_copy',
    );
  }

  /** Takes the place of the copy that was read at the same place before. */
  async keep(copy: AnchorCopy): Promise<void> {
    const { identity, url, serial, etag, index, seenAt } = copy;
    await this.#store.write((tx) =>
      tx.run(
        `INSERT INTO anchor_copy (identity, url, serial, etag, index_text, seen_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (identity, url) DO UPDATE SET serial = excluded.serial, etag = excluded.etag,
           index_text = excluded.index_text, seen_at = excluded.seen_at`,
        identity,
        url,
        serial,
        etag,
        index,
        seenAt,
      ),
    );
  }

  /** Digests of all files that we hold. */
  async held(): Promise<Set<string>> {
    const rows = await this.#store.read.all<{ digest: string }>('SELECT digest FROM anchor_file');
    return new Set(rows.map(({ digest }) => digest));
  }

  async file(digest: string): Promise<string | undefined> {
    const row = await this.#store.read.get<{ content: string }>(
      'SELECT content FROM anchor_file WHERE digest = ?',
      digest,
    );
    return row?.content;
  }

  async keepFile(digest: string, content: string): Promise<void> {
    await this.#store.write((tx) =>
      tx.run(
        'INSERT INTO anchor_file (digest, content, kept_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
        digest,
        content,
        this.#now(),
      ),
    );
  }

  /** Forgets the copies that nobody wants any more, and after a day the files that no index of the others lists. */
  async sweep(isWanted: (copy: AnchorCopy) => boolean, listed: ReadonlySet<string>): Promise<void> {
    for (const copy of await this.all()) {
      if (isWanted(copy)) continue;
      const { identity, url } = copy;
      await this.#store.write((tx) => tx.run('DELETE FROM anchor_copy WHERE identity = ? AND url = ?', identity, url));
    }
    const old = await this.#store.read.all<{ digest: string }>(
      'SELECT digest FROM anchor_file WHERE kept_at < ?',
      this.#now() - KEEP_MS,
    );
    const dead = old.map(({ digest }) => digest).filter((digest) => !listed.has(digest));
    for (let at = 0; at < dead.length; at += SWEEP_ROWS) {
      await this.#store.write(async (tx) => {
        for (const digest of dead.slice(at, at + SWEEP_ROWS)) {
          await tx.run('DELETE FROM anchor_file WHERE digest = ?', digest);
        }
      });
    }
  }
}
