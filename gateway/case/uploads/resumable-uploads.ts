import { createHash } from 'node:crypto';
import { CodedError, type ErrorCode, LIMITS } from '#proto';
import type { Clock } from '#trust';
import { atFirstByte, type MaterialStore } from '../../material/material-store.ts';
import type { Store } from '../../store/store.ts';
import type { CaseMaterial } from '../case-file.ts';
import type { CaseService } from '../case-service.ts';
import { type UploadRow, uploadTable } from './upload-table.ts';

/** Uploads of one case under way at once. */
export const UPLOADS_PER_CASE = 16;
/** Uploads of one caller under way at once, over all cases. */
export const UPLOADS_PER_CALLER = 64;
/** Milliseconds after the last byte until an upload is forgotten; as long as parts of peers are kept. */
const KEPT_MS = 24 * 60 * 60 * 1000;

export interface UploadsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly materials: MaterialStore;
  readonly cases: Pick<CaseService, 'demand' | 'demandTaking' | 'addMaterial'>;
}

/** What a platform says of a file before it sends it. */
export type UploadWish = Pick<UploadRow, 'name' | 'grade' | 'mediaType' | 'size'> & {
  /** SHA-256, hex. */
  readonly digest: string;
};

/** How far an upload is. */
export interface UploadState extends UploadRow {
  /** Bytes that are here. */
  readonly offset: number;
}

/**
 * Files that platforms of our own bring in parts (断点续传): what is here stays over a break of the line, a restart and a
 * crash. Once the whole is here and is what was announced, it goes the way of every other upload.
 */
export class ResumableUploads {
  readonly #options: UploadsOptions;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /**
   * Announces a file; announced again it goes on where it is, until when it was.
   *
   * @param key the conversation or our case number
   * @param subject of the token: each caller has a quota and a number of uploads of its own
   * @throws CodedError NOT_FOUND, MATERIAL_TOO_LARGE, BACK_PRESSURE where too many are under way, CONFLICT
   */
  async create(key: string, { digest: hex, ...wish }: UploadWish, subject: string): Promise<UploadState> {
    const { store, clock, cases } = this.#options;
    if (wish.size < 1 || wish.size > LIMITS.materialBytes) throw new CodedError('MATERIAL_TOO_LARGE');
    const { conversation } = await cases.demandTaking(key, wish.name);
    const digest = Buffer.from(hex, 'hex');
    const now = clock.now();
    await store.write(async (tx) => {
      await uploadTable.removeExpired(tx, now);
      if ((await uploadTable.countBeside(tx, conversation, digest)) >= UPLOADS_PER_CASE)
        throw new CodedError('BACK_PRESSURE', `a case has at most ${UPLOADS_PER_CASE} uploads under way`);
      const share = shareOf(subject);
      const row = { conversation, digest, ...wish, share, expiresAt: now + KEPT_MS, doneAt: undefined };
      if ((await uploadTable.countOfShare(tx, row)) >= UPLOADS_PER_CALLER)
        throw new CodedError('BACK_PRESSURE', `a caller has at most ${UPLOADS_PER_CALLER} uploads under way`);
      await uploadTable.save(tx, row);
    });
    return this.state(key, hex);
  }

  /** @throws CodedError NOT_FOUND, also when it expired */
  async state(key: string, hex: string): Promise<UploadState> {
    const { store, clock, cases, materials } = this.#options;
    const { conversation } = await cases.demand(key);
    const digest = Buffer.from(hex, 'hex');
    const row = await uploadTable.find(store.read, conversation, digest, clock.now());
    if (!row) throw new CodedError('NOT_FOUND', 'there is no such upload; it ends a day after its last byte');
    if (row.doneAt !== undefined) return { ...row, offset: row.size };
    return { ...row, offset: (await materials.status(row.share, conversation, digest)).offset };
  }

  /**
   * Takes a part. With the last one the file becomes a material of the case.
   *
   * @param offset where the part begins: what `state` says
   * @returns how far it is, and the material once it is one
   * @throws CodedError NOT_FOUND, MATERIAL_OFFSET, MATERIAL_QUOTA, MATERIAL_DIGEST and CONFLICT where the case takes no
   *   such file any more (the upload is gone then), and what taking a material throws: a part of no bytes at the end
   *   tries that again
   */
  async append(
    key: string,
    hex: string,
    offset: number,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<{ readonly state: UploadState; readonly material?: CaseMaterial }> {
    const { store, clock, materials, cases } = this.#options;
    const before = await this.state(key, hex);
    if (before.doneAt !== undefined) {
      demandOffset(before, offset);
      return { state: before };
    }
    const { conversation, digest, size, share, name } = before;
    let { expiresAt } = before;
    const renewing = atFirstByte(bytes, () => {
      expiresAt = clock.now() + KEPT_MS;
      return store.write((tx) => uploadTable.extend(tx, conversation, digest, expiresAt));
    });
    try {
      await cases.demandTaking(conversation, name);
      demandOffset(before, offset);
      const staged = await materials.stage(share, { conversation, digest, size, offset }, renewing);
      // It may have been closed or erased while the bytes came.
      await cases.demandTaking(conversation, name);
      const state = { ...before, expiresAt, offset: staged.offset };
      return staged.complete ? { state, material: await this.#finish(state) } : { state };
    } catch (error) {
      return await this.#forgetVain(before, error);
    }
  }

  /** Gives it up. @throws CodedError NOT_FOUND */
  async remove(key: string, hex: string): Promise<void> {
    await this.#drop(await this.state(key, hex));
  }

  async #drop({ share, conversation, digest }: UploadRow): Promise<void> {
    await this.#options.materials.unstage(share, conversation, digest);
    await this.#options.store.write((tx) => uploadTable.remove(tx, conversation, digest));
  }

  /** The way of an upload in one piece; what was staged is no longer needed. */
  async #finish({ share, conversation, digest, name, grade, mediaType }: UploadState): Promise<CaseMaterial> {
    const { store, clock, materials, cases } = this.#options;
    const { bytes } = await materials.open(conversation, digest);
    const material = await cases.addMaterial(conversation, { name, grade, mediaType }, bytes);
    await materials.unstage(share, conversation, digest);
    await store.write((tx) => uploadTable.finish(tx, conversation, digest, clock.now()));
    return material;
  }

  /** Nothing stays of bytes that are wrong, or that the case will not take; while another call writes, that one sees to it. */
  async #forgetVain(upload: UploadState, error: unknown): Promise<never> {
    const refusal = await this.#refusal(upload);
    if (refusal || isCoded(error, 'MATERIAL_DIGEST')) await this.#drop(upload).catch(() => {});
    throw refusal ?? error;
  }

  /** Why the case will never take the file. One whose act has no receipt yet may take it afterwards. */
  async #refusal({ conversation, name }: UploadState): Promise<CodedError | undefined> {
    const { cases } = this.#options;
    const { pending, erasedAt } = await cases.demand(conversation);
    if (pending !== undefined && erasedAt === undefined) return undefined;
    return cases.demandTaking(conversation, name).then(
      () => undefined,
      (error: unknown) => (isCoded(error, 'CONFLICT') ? error : undefined),
    );
  }
}

function demandOffset(state: UploadState, offset: number): void {
  if (state.offset !== offset) throw new CodedError('MATERIAL_OFFSET', `the upload goes on at ${state.offset}`);
}

function isCoded(error: unknown, code: ErrorCode): error is CodedError {
  return error instanceof CodedError && error.code === code;
}

/** Under this name the parts of a caller stand among those of the peers, none of which can have it. */
function shareOf(subject: string): string {
  return `upload-${createHash('sha256').update(subject).digest('hex').slice(0, 32)}`;
}
