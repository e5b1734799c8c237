import { resolve, sep } from 'node:path';
import { both, fields, integer, list, oneOf, optional, type Problem, text } from '#proto';
import { absolutePath, adapterName } from '../config-rules.ts';
import { encodingRule } from '../encodings.ts';
import type { CsvOptions } from '../records/csv-rows.ts';
import type { XmlOptions } from '../xml/read-xml.ts';
import { memberPath, prefixesRule } from '../xml/xml-rules.ts';
import type { DocumentWriting } from './directory-sink.ts';
import { type SftpConfig, sftpRule } from './sftp-config.ts';

export interface DirectoryConfig {
  readonly name: string;
  /** Folder that events are written to. */
  readonly out?: string;
  /** Folder that submissions are taken from. */
  readonly in?: string;
  /** How often `in` is looked at even though nothing was reported. */
  readonly poll_ms?: number;
  /** The machine on which both folders are; this one when left out. */
  readonly sftp?: SftpConfig;
  /** Where a document, or the row of a table, has the number of its case in the platform. */
  readonly lane?: string;
  readonly xml?: XmlOptions;
  readonly csv?: CsvOptions;
  readonly write?: DocumentWriting;
}

const character = text(1, { pattern: /^[^\r\n]$/ });
const delimiter = both(text(3), (value, pointer, problems) => {
  if (value !== 'tab') character(value, pointer, problems);
});

export const directoryRules = both(
  fields({
    name: adapterName,
    out: optional(absolutePath),
    in: optional(absolutePath),
    poll_ms: optional(integer(10, 3_600_000)),
    sftp: optional(sftpRule),
    lane: optional(memberPath),
    xml: optional(
      fields({
        lists: optional(list(memberPath, 100)),
        prefixes: optional(prefixesRule),
        encoding: optional(encodingRule),
      }),
    ),
    csv: optional(
      fields({ delimiter: optional(delimiter), quote: optional(character), encoding: optional(encodingRule) }),
    ),
    write: optional(
      fields({
        format: optional(oneOf('json', 'xml', 'csv')),
        encoding: optional(encodingRule),
        prefixes: optional(prefixesRule),
        delimiter: optional(delimiter),
      }),
    ),
  }),
  atLeastOneFolder,
);

/** Settings that say something only about the platform's own words. */
export function mappingProblems(config: DirectoryConfig, mapped: boolean): Problem[] {
  if (mapped) return [];
  return (['lane', 'xml', 'csv', 'write'] as const)
    .filter((name) => config[name])
    .map((name) => ({ pointer: `/${name}`, code: 'CONFLICT', message: 'needs a mapping' }));
}

/** A tabulator cannot be written well in YAML. */
export function delimiterOf({ delimiter = ',' }: { readonly delimiter?: string }): string {
  return delimiter === 'tab' ? '\t' : delimiter;
}

function atLeastOneFolder(value: unknown, pointer: string, problems: Problem[]): void {
  const config = value as DirectoryConfig;
  if (!config.in && !config.out)
    problems.push({ pointer, code: 'REQUIRED', message: 'needs a folder: in, out or both' });
  else if (config.in && config.out && isInside(config.out, config.in))
    problems.push({ pointer: `${pointer}/out`, code: 'CONFLICT', message: 'must not be the folder in, nor inside it' });
}

function isInside(path: string, folder: string): boolean {
  return `${resolve(path)}${sep}`.startsWith(`${resolve(folder)}${sep}`);
}
