import { extname } from 'node:path';

/** Files that windows and departments hand in, by the extension of their name. */
const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ['.pdf', 'application/pdf'],
  ['.ofd', 'application/ofd'],
  ['.png', 'image/png'],
  ['.jpg', 'image/jpeg'],
  ['.jpeg', 'image/jpeg'],
  ['.tif', 'image/tiff'],
  ['.tiff', 'image/tiff'],
  ['.txt', 'text/plain'],
  ['.xml', 'application/xml'],
  ['.json', 'application/json'],
  ['.zip', 'application/zip'],
  ['.doc', 'application/msword'],
  ['.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['.xls', 'application/vnd.ms-excel'],
  ['.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
]);

/**
 * A name with the ending of its type, so that people can open the file. One that says its type already, or whose type has no
 * ending here, stays as it is.
 */
export function withEnding(name: string, mediaType: string): string {
  if (MEDIA_TYPES.has(extname(name).toLowerCase())) return name;
  const ending = [...MEDIA_TYPES].find(([, type]) => type === mediaType)?.[0] ?? '';
  return name + ending;
}

/** @param names of one file, such as its path and what people call it: the first that says it counts */
export function mediaTypeOf(...names: readonly string[]): string {
  const types = names.map((name) => MEDIA_TYPES.get(extname(name).toLowerCase()));
  return types.find((type) => type !== undefined) ?? 'application/octet-stream';
}
