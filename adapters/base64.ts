/** What some platforms write before the base64 of a file. */
const DATA_URI = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w.+-]+=[\w.+-]+)*;base64,/;

/**
 * Base64 in its one spelling, line breaks left out: leniently read, some texts would become other bytes.
 *
 * @returns undefined for any other text
 */
export function fromBase64(text: string): Buffer | undefined {
  const joined = text.includes('\n') ? text.replace(/\r?\n/g, '') : text;
  const isBase64 = joined.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(joined);
  return isBase64 ? Buffer.from(joined, 'base64') : undefined;
}

/** As `fromBase64`, with or without the head of a data URI (RFC 2397), which may say a media type. */
export function fileFromBase64(text: string): { bytes: Buffer; mediaType: string | undefined } | undefined {
  const [head, mediaType] = DATA_URI.exec(text) ?? [''];
  const bytes = fromBase64(text.slice(head.length));
  return bytes && { bytes, mediaType };
}
