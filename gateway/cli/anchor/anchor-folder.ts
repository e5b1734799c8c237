import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CodedError } from '#proto';
import { createAnchorKey, openAnchorKey, type Signer } from '#trust';
import { fileError, readText, writeText } from '../files.ts';
import { type AnchorState, type Member, readState, writeState } from './anchor-state.ts';

const STATE_FILE = 'anchor.json';
const KEY_FILE = 'key.pem';
const STATE_BYTES = 16 * 1024 * 1024;

/** The folder of an anchor (信任锚点): its key, its record, and what it signed, under the names of the published files. */
export class AnchorFolder {
  readonly dir: string;
  #state: AnchorState;

  private constructor(dir: string, state: AnchorState) {
    this.dir = dir;
    this.#state = state;
  }

  /**
   * Makes the folder of a new anchor.
   *
   * @throws CodedError CONFLICT when there is one already, CONFIG_INVALID for an unusable passphrase
   */
  static async make(
    dir: string,
    facts: Pick<AnchorState, 'name' | 'title' | 'location' | 'suite' | 'constraints'>,
    passphrase: string,
  ): Promise<AnchorFolder> {
    const folder = resolve(dir);
    const existing = await readFile(join(folder, STATE_FILE)).catch(() => undefined);
    if (existing) throw new CodedError('CONFLICT', `${folder} already holds an anchor; it is never overwritten`);
    const { kid } = await createAnchorKey(join(folder, KEY_FILE), facts.suite, passphrase);
    const made = new AnchorFolder(folder, {
      ...facts,
      kid,
      serial: 0,
      published: 0,
      members: [],
      marks: [],
      withdrawn: [],
    });
    // The record is written last: without it there is no anchor.
    await made.save({});
    return made;
  }

  /** @throws CodedError NOT_FOUND when the folder holds no anchor, CONFIG_INVALID when its record cannot be read */
  static async open(dir: string): Promise<AnchorFolder> {
    const folder = resolve(dir);
    const file = join(folder, STATE_FILE);
    const json = await readText(file, STATE_BYTES).catch((cause) => {
      throw new CodedError('NOT_FOUND', `there is no anchor in ${folder}; make one with: tongban anchor init`, [], {
        cause,
      });
    });
    return new AnchorFolder(folder, readState(json, file));
  }

  get state(): AnchorState {
    return this.#state;
  }

  /** Changes the record, durably. */
  async save(changes: Partial<AnchorState>): Promise<void> {
    this.#state = { ...this.#state, ...changes };
    await writeText(join(this.dir, STATE_FILE), writeState(this.#state), 0o600);
  }

  /** The only key. @throws CodedError KEY_MISSING, PASSPHRASE_WRONG */
  key(passphrase: string): Promise<Signer> {
    return openAnchorKey(join(this.dir, KEY_FILE), this.#state.suite, this.#state.kid, passphrase);
  }

  /**
   * Takes the next serials, durably, so that none is ever given twice.
   *
   * @returns the first of them
   */
  async takeSerials(howMany: number): Promise<number> {
    const { serial } = this.#state;
    await this.save({ serial: serial + howMany });
    return serial + 1;
  }

  /** @throws CodedError NOT_FOUND */
  member(name: string): Member {
    const member = this.#state.members.find((candidate) => candidate.name === name);
    if (!member) throw new CodedError('NOT_FOUND', `${name} is not enrolled; see: tongban anchor list`);
    return member;
  }

  /** Puts a member into the place of the one of that name. */
  async keepMember(member: Member): Promise<void> {
    const others = this.#state.members.filter(({ name }) => name !== member.name);
    const members = [...others, member].toSorted((one, other) => one.name.localeCompare(other.name));
    await this.save({ members });
  }

  /** Text of a signed file; undefined when there is none. */
  async file(path: string): Promise<string | undefined> {
    const file = join(this.dir, path);
    return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw fileError('read', file, error);
    });
  }

  async writeFile(path: string, text: string): Promise<void> {
    const file = join(this.dir, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeText(file, text, 0o600);
  }

  async removeFile(path: string): Promise<void> {
    await rm(join(this.dir, path), { force: true });
  }
}
