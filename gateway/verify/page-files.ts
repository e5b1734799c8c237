import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { regionWords } from './words.ts';

/** A file of the page, as it is sent. */
export interface PageFile {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly gzipped: Buffer;
  /** Entity tag (RFC 9110, section 8.8.3): of the content, so that it holds over restarts. */
  readonly etag: string;
}

const SCRIPT = 'text/javascript; charset=utf-8';

/** Everything that the page is made of, by the name under `/verify/`; nothing else can be had there. */
const FILES: Readonly<Record<string, { readonly mediaType: string; readonly url: string }>> = {
  'index.html': { mediaType: 'text/html; charset=utf-8', url: ours('index.html') },
  'page.css': { mediaType: 'text/css; charset=utf-8', url: ours('page.css') },
  'page.js': { mediaType: SCRIPT, url: ours('page.js') },
  'icon.svg': { mediaType: 'image/svg+xml', url: ours('icon.svg') },
  // The decoder of QR codes, which imports its neighbour by this name.
  'decode.js': { mediaType: SCRIPT, url: import.meta.resolve('qr/decode.js') },
  'index.js': { mediaType: SCRIPT, url: import.meta.resolve('qr') },
};

/** What the page may do: nothing but what it brings itself, no script in its markup, and nothing from elsewhere. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "base-uri 'none'",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "img-src 'self'",
  "require-trusted-types-for 'script'",
  "script-src 'self'",
  "style-src 'self'",
  "trusted-types 'none'",
].join(';');

/** The files of the verification page (核验页), read when somebody asks first. */
export class PageFiles {
  readonly #region: string;
  readonly #read = new Map<string, Promise<PageFile>>();

  /** @param region our own: the page says whose it is */
  constructor(region: string) {
    this.#region = region;
  }

  /** A file of the page; undefined for any other name. */
  find(name: string): Promise<PageFile> | undefined {
    if (!Object.hasOwn(FILES, name)) return undefined;
    const known = this.#read.get(name) ?? this.#open(name);
    this.#read.set(name, known);
    return known;
  }

  async #open(name: string): Promise<PageFile> {
    const { mediaType, url } = FILES[name]!;
    const raw = await readFile(fileURLToPath(url));
    const bytes =
      name === 'index.html' ? Buffer.from(raw.toString('utf8').replaceAll('{{region}}', this.#words())) : raw;
    const digest = createHash('sha256').update(bytes).digest('base64url');
    return { mediaType, bytes, gzipped: await promisify(gzip)(bytes, { level: 9 }), etag: `"${digest}"` };
  }

  /** From the table of regions, which has no character of markup. */
  #words(): string {
    return regionWords(this.#region);
  }
}

function ours(name: string): string {
  return new URL(`./page/${name}`, import.meta.url).href;
}
