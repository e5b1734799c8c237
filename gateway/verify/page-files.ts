import { MEDIA_TYPES, PageFiles } from '../page-files.ts';
import { regionWords } from './words.ts';

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

/**
 * Everything that the verification page (核验页) is made of, by the name under `/verify/`.
 *
 * @param region our own: the page says whose it is, in words of the table of regions, which has no character of markup
 */
export function verifyPageFiles(region: string): PageFiles {
  const { html, css, script, svg } = MEDIA_TYPES;
  const named = (text: string) => text.replaceAll('{{region}}', regionWords(region));
  return new PageFiles({
    'index.html': { mediaType: html, url: ours('index.html'), change: named },
    'page.css': { mediaType: css, url: ours('page.css') },
    'page.js': { mediaType: script, url: ours('page.js') },
    'icon.svg': { mediaType: svg, url: ours('icon.svg') },
    // The decoder of QR codes, which imports its neighbour by this name.
    'decode.js': { mediaType: script, url: import.meta.resolve('qr/decode.js') },
    'index.js': { mediaType: script, url: import.meta.resolve('qr') },
  });
}

function ours(name: string): string {
  return new URL(`./page/${name}`, import.meta.url).href;
}
