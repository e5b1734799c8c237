import { CodedError, LIMITS } from '#proto';
import type { Clock } from '#trust';
import type { MaterialStore } from '../../material/material-store.ts';
import type { Store } from '../../store/store.ts';
import type { CaseMaterial } from '../case-file.ts';
import type { CaseService } from '../case-service.ts';
import { type UploadRow, uploadTable } from './upload-table.ts';

/** Under this name the parts stand among those of the peers, none of which can have it. */
const OURS = 'upload';
/** Uploads of one case under way at once. */
export const UPLOADS_PER_CASE = 16;
/** Milliseconds after the last part until an upload is forgotten; as long as parts of peers are kept. */
const KEPT_MS = 24 * 60 * 60 * 1000;

export interface UploadsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly materials: MaterialStore;
  readonly cases: CaseService;
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
   * Announces a file; announced again it goes on where it is.
   *
   * @param key the conversation or our case number
   * @throws CodedError NOT_FOUND, MATERIAL_TOO_LARGE, BACK_PRESSURE where too many are under way, CONFLICT
   */
  async create(key: string, { digest: hex, ...wish }: UploadWish): Promise<UploadState> {
    const { store, clock, cases } = this.#options;
    if (wish.size < 1 || wish.size > LIMITS.materialBytes) throw new CodedError('MATERIAL_TOO_LARGE');
    const { conversation } = await cases.demandTaking(key, wish.name);
    const digest = Buffer.from(hex, 'hex');
    const now = clock.now();
    await store.write(async (tx) => {
      await uploadTable.removeExpired(tx, now);
      if ((await uploadTable.countBeside(tx, conversation, digest)) >= UPLOADS_PER_CASE)
        throw new CodedError('BACK_PRESSURE', `a case has at most ${UPLOADS_PER_CASE} uploads under way`);
      const row = { conversation, digest, ...wish, expiresAt: now + KEPT_MS, doneAt: undefined };
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
    if (!row) throw new CodedError('NOT_FOUND', 'there is no such upload; it ends a day after its last part');
    if (row.doneAt !== undefined) return { ...row, offset: row.size };
    return { ...row, offset: (await materials.status(OURS, conversation, digest)).offset };
  }

  /**
   * Takes a part. With the last one the file becomes a material of the case.
   *
   * @param offset where the part begins: what `state` says
   * @returns how far it is, and the material once it is one
   * @throws CodedError NOT_FOUND, MATERIAL_OFFSET, MATERIAL_QUOTA, MATERIAL_DIGEST (the upload is gone then), and what
   *   taking a material throws: a part of no bytes at the end tries that again
   */
  async append(
    key: string,
    hex: string,
    offset: number,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<{ readonly state: UploadState; readonly material?: CaseMaterial }> {
    const { store, clock, materials } = this.#options;
    const before = await this.state(key, hex);
    if (before.offset !== offset) throw new CodedError('MATERIAL_OFFSET', `the upload goes on at ${before.offset}`);
    if (before.doneAt !== undefined) return { state: before };
    const { conversation, digest, size } = before;
    const expiresAt = clock.now() + KEPT_MS;
    await store.write((tx) => uploadTable.extend(tx, conversation, digest, expiresAt));
    const staged = await materials
      .stage(OURS, { conversation, digest, size, offset }, bytes)
      .catch((error: unknown) => this.#forgetWrong(before, error));
    const state = { ...before, expiresAt, offset: staged.offset };
    return staged.complete ? { state, material: await this.#finish(state) } : { state };
  }

  /** Gives it up. @throws CodedError NOT_FOUND */
  async remove(key: string, hex: string): Promise<void> {
    const { conversation, digest } = await this.state(key, hex);
    await this.#options.materials.unstage(OURS, conversation, digest);
    await this.#options.store.write((tx) => uploadTable.remove(tx, conversation, digest));
  }

  /** The way of an upload in one piece; what was staged is no longer needed. */
  async #finish({ conversation, digest, name, grade, mediaType }: UploadState): Promise<CaseMaterial> {
    const { store, clock, materials, cases } = this.#options;
    const { bytes } = await materials.open(conversation, digest);
    const material = await cases.addMaterial(conversation, { name, grade, mediaType }, bytes);
    await materials.unstage(OURS, conversation, digest);
    await store.write((tx) => uploadTable.finish(tx, conversation, digest, clock.now()));
    return material;
  }

  async #forgetWrong({ conversation, digest }: UploadState, error: unknown): Promise<never> {
    if (error instanceof CodedError && error.code === 'MATERIAL_DIGEST')
      await this.#options.store.write((tx) => uploadTable.remove(tx, conversation, digest));
    throw error;
  }
}
