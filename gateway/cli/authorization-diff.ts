import { access } from 'node:fs/promises';
import { CodedError, UUID } from '#proto';
import {
  type AgreementContent,
  type CatalogueLists,
  type Change,
  catalogueLists,
  describeChanges,
  draftAgreement,
  readAgreement,
} from '#trust';
import { readJson } from './files.ts';

/** Where what a user names comes from. */
export interface DiffSources {
  readonly stdin: () => Promise<string>;
  /** An authorization that the gateway has. */
  readonly fetch: (id: string) => Promise<Fetched>;
}

interface Fetched {
  readonly content: AgreementContent;
  readonly catalogues: readonly { readonly items: readonly string[] }[];
}

interface Version {
  readonly content: AgreementContent;
  readonly lists: CatalogueLists;
}

/** What a draft lacks and no comparison looks at. */
const FILLED_IN = { id: '00000000-0000-4000-8000-000000000000', created_at: '2000-01-01T00:00:00Z' };

/**
 * What is different between two authorizations. Each is given by its id, or as a file or JSON text: a signed document, or
 * a draft.
 *
 * @throws CodedError VALIDATION_FAILED, AUTHORIZATION_INVALID, NOT_FOUND and what the gateway answers
 */
export async function changesBetween(older: string, newer: string, sources: DiffSources): Promise<readonly Change[]> {
  const [before, after] = [await versionOf(older, sources), await versionOf(newer, sources)];
  return describeChanges(before.content, after.content, new Map([...before.lists, ...after.lists]));
}

async function versionOf(source: string, { stdin, fetch }: DiffSources): Promise<Version> {
  if (UUID.test(source) && !(await isFile(source))) {
    const { content, catalogues } = await fetch(source);
    return { content, lists: catalogueLists(catalogues.map(({ items }) => items)) };
  }
  return { content: readContent(await readJson(source, 'the authorization', stdin)), lists: new Map() };
}

function readContent(value: unknown): AgreementContent {
  if (typeof value !== 'object' || value === null) {
    throw new CodedError('VALIDATION_FAILED', 'neither a signed authorization nor a draft');
  }
  if ('payload' in value) return readAgreement(JSON.stringify(value)).content;
  const payload = draftAgreement({ ...FILLED_IN, ...value } as AgreementContent);
  return JSON.parse(payload.toString()) as AgreementContent;
}

function isFile(name: string): Promise<boolean> {
  return access(name).then(
    () => true,
    () => false,
  );
}
