import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A file of a page, as it is sent. */
export interface PageFile {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly gzipped: Buffer;
  /** Entity tag (RFC 9110, section 8.8.3): of the content, so that it holds over restarts. */
  readonly etag: string;
}

/** Where a file of a page comes from: from the disk, perhaps changed, or made by the program. */
export type PageSource = { readonly mediaType: string } & (
  | { readonly url: string; readonly change?: (text: string) => string }
  | { readonly text: () => string }
);

export const MEDIA_TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  script: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

/** The files of a page (页面文件) by a closed list of names: nothing else can be had. Each is read when somebody asks first. */
export class PageFiles {
  readonly #sources: Readonly<Record<string, PageSource>>;
  readonly #opened = new Map<string, Promise<PageFile>>();

  constructor(sources: Readonly<Record<string, PageSource>>) {
    this.#sources = sources;
  }

  /** A file of the page; undefined for any other name. */
  find(name: string): Promise<PageFile> | undefined {
    if (!Object.hasOwn(this.#sources, name)) return undefined;
    const known = this.#opened.get(name);
    if (known) return known;
    const opening = open(this.#sources[name]!);
    this.#opened.set(name, opening);
    // What could not be read now may be there the next time.
    opening.catch(() => this.#opened.delete(name));
    return opening;
  }
}

async function open(source: PageSource): Promise<PageFile> {
  const bytes = await bytesOf(source);
  const digest = createHash('sha256').update(bytes).digest('base64url');
  const gzipped = await promisify(gzip)(bytes, { level: 9 });
  return { mediaType: source.mediaType, bytes, gzipped, etag: `"${digest}"` };
}

async function bytesOf(source: PageSource): Promise<Buffer> {
  if ('text' in source) return Buffer.from(source.text());
  const raw = await readFile(fileURLToPath(source.url));
  return source.change ? Buffer.from(source.change(raw.toString('utf8'))) : raw;
}
