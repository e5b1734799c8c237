import { createHash } from 'node:crypto';
import { fields, optional, type Problem, type Rule, text } from '#proto';
import { type AdapterContext, PlatformError } from '../adapter.ts';
import type { FileWays } from '../mapping/carry-files.ts';
import { demandTaken } from '../mapping/demand-taken.ts';
import type { OutgoingFile } from '../mapping/outgoing-files.ts';
import { answered } from './answered.ts';
import type { PlatformClient } from './client.ts';
import { valueAt } from './json.ts';
import { multipart } from './multipart.ts';
import { below, pathRule } from './place.ts';
import type { ProofConfig } from './proof.ts';
import { memberPath } from './records.ts';
import { verdict } from './verdict.ts';

/** Where a platform takes files (附件上传), before the document that names them. */
export interface UploadConfig {
  /** Below the URL of the platform. */
  readonly path: string;
  /** Field of the form that holds the file. */
  readonly field?: string;
  /** Where its answer says what it calls the file. */
  readonly reference?: string;
}

export const uploadRule: Rule = fields({
  path: pathRule,
  field: optional(
    text(64, { pattern: /^[\w.[\]-]+$/, hint: 'must be a name of letters, digits, ., -, _ and brackets' }),
  ),
  reference: optional(memberPath),
});

const DEFAULT_FIELD = 'file';
const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_REFERENCE = 1024;
/** Bytes of the fields beside the file. */
const MAX_FIELDS_BYTES = 64 * 1024;
/** Documents whose uploads are remembered while they cannot be sent. */
const REMEMBERED = 200;

/** A body that goes out in pieces cannot be signed before it is read. */
export function uploadProblems(auth: ProofConfig | undefined, pointer: string): Problem[] {
  const signsBody = auth?.type === 'hmac' || (auth?.type === 'signature' && auth.body === true);
  if (!signsBody) return [];
  const message = 'cannot be used where auth signs the body of each request: files go out in pieces';
  return [{ pointer, code: 'CONFLICT', message }];
}

/** What sending a document knows of repetitions. */
interface Repetition {
  readonly idHeader: string;
  readonly alsoTaken: readonly number[];
}

/** Brings each file as a form of its own. One that is up already is not sent again while this process remembers. */
export function uploader(
  client: PlatformClient,
  config: UploadConfig,
  { idHeader, alsoTaken }: Repetition,
  context: AdapterContext,
): Required<Pick<FileWays, 'upload' | 'forget'>> {
  const { path, field = DEFAULT_FIELD, reference: place } = config;
  const known = new UploadedFiles();

  const upload: FileWays['upload'] = async (file, { id, isNamed }, answer, signal) => {
    if (isNamed && place === undefined)
      throw new PlatformError(false, 'the document has files.reference: say in upload.reference where it is found');
    const key = keyOf(id, file);
    const remembered = known.of(id)?.get(key);
    // A mapping that was mended meanwhile may want a name that nobody asked for before.
    if (remembered && (remembered.reference !== undefined || !isNamed)) return remembered.reference;
    const { type, body } = multipart(fieldsOf(file), { ...file, field });
    const headers = { accept: 'application/json', 'content-type': type, [idHeader]: key };
    const request = { id: key, url: below(client.base, path)!, headers, body };
    const head = await client.upload(request, signal, MAX_ANSWER_BYTES);
    const said = { status: head.status, retryAfter: head.headers['retry-after'] };
    const isRepeated = alsoTaken.includes(head.status);
    const failure = isRepeated ? undefined : verdict(client.host, said, context.now(), 'file');
    if (failure) throw failure;
    const json = answer || isNamed ? answered(head, client.host) : undefined;
    if (answer && !isRepeated) demandTaken(await answer(json), 'platform');
    const reference = isNamed ? referenceAt(json, place!, client.host, isRepeated) : undefined;
    known.add(id, key, reference);
    return reference;
  };
  return { upload, forget: (id) => known.forget(id) };
}

/** What is up already of documents that could not be sent yet. Of too many the oldest are forgotten, and sent again. */
class UploadedFiles {
  readonly #documents = new Map<string, Map<string, { readonly reference: string | undefined }>>();

  of(id: string): ReadonlyMap<string, { readonly reference: string | undefined }> | undefined {
    return this.#documents.get(id);
  }

  add(id: string, key: string, reference: string | undefined): void {
    const files = this.#documents.get(id) ?? new Map();
    files.set(key, { reference });
    this.#documents.set(id, files);
    if (this.#documents.size > REMEMBERED) this.#documents.delete(this.#documents.keys().next().value!);
  }

  forget(id: string): void {
    this.#documents.delete(id);
  }
}

/** The same for the same file of the same document, so that the platform too can know a repetition. */
function keyOf(id: string, { name, material }: OutgoingFile): string {
  return createHash('sha256')
    .update(JSON.stringify([id, name, material]))
    .digest('hex')
    .slice(0, 32);
}

/** @throws PlatformError final */
function fieldsOf({ row }: OutgoingFile): [string, string][] {
  const entries = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  const said = entries.map(([name, value]): [string, string] => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  const bytes = said.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  if (bytes > MAX_FIELDS_BYTES)
    throw new PlatformError(false, `the fields beside a file have more than ${MAX_FIELDS_BYTES} bytes`);
  return said;
}

/**
 * An answer without it leaves open whether the file is there.
 *
 * @param isRepeated whether the platform says that it has the file already: it will not say more the next time
 */
function referenceAt(answer: unknown, place: string, host: string, isRepeated: boolean): string {
  const found = valueAt(answer, place);
  const said = typeof found === 'number' ? String(found) : found;
  if (typeof said === 'string' && said !== '' && said.length <= MAX_REFERENCE) return said;
  const already = isRepeated ? ' that it has already' : '';
  throw new PlatformError(
    !isRepeated,
    `the platform at ${host} does not say in ${place} what it calls the file${already}`,
  );
}
