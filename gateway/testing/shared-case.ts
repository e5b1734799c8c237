import type { Mode } from '#proto';
import type { CaseFile } from '../case/case-file.ts';
import type { NoteName } from '../case/notes/notes.ts';
import type { Event, State } from '../case/transitions.ts';
import { APPLICANT, BACK_OFFICE, caseInput, fileOf, WINDOW } from './agency-case.ts';
import { type LiveRegion, until } from './live-region.ts';

/** The two live regions of a test; a test may stop one and open it again. */
export interface Sides {
  receiving: LiveRegion;
  handling: LiveRegion;
}

/** One case, seen from both sides. */
export class SharedCase {
  readonly key: string;
  readonly #sides: Sides;

  private constructor(key: string, sides: Sides) {
    this.key = key;
    this.#sides = sides;
  }

  /** Opens a case at the receiving region, without an address of the applicant. */
  static async open(sides: Sides, item: string, mode: Mode = 'agency', changes: object = {}): Promise<SharedCase> {
    const { receiving, handling } = sides;
    const input = caseInput(handling.region, item, { mode, applicant: { ...APPLICANT, address: '' }, ...changes });
    const { conversation } = await receiving.services.cases.create(input);
    return new SharedCase(conversation, sides);
  }

  /** A material of 5,000 bytes that only this seed gives. */
  async handIn(name: string, seed: string): Promise<void> {
    const upload = { name, mediaType: 'application/pdf', grade: 'C' } as const;
    await this.#sides.receiving.services.cases.addMaterial(this.key, upload, fileOf(seed, 5000));
  }

  at(side: keyof Sides): Promise<CaseFile> {
    return this.#sides[side].services.cases.demand(this.key);
  }

  act(side: keyof Sides, event: Event, data: object = {}): Promise<CaseFile> {
    // Nobody of the office rates.
    const by = event === 'rate' ? {} : { handler: handlerOf(side) };
    return this.#sides[side].services.cases.act(this.key, event, { ...by, ...data });
  }

  note(side: keyof Sides, kind: NoteName, data: object): Promise<CaseFile> {
    return this.#sides[side].services.cases.note(this.key, kind, { handler: handlerOf(side), ...data });
  }

  /** Waits until both sides have a state and nothing is pending. */
  async are(state: State): Promise<this> {
    for (const side of ['receiving', 'handling'] as const) {
      await until(`the case is ${state} at the ${side} region`, async () => {
        const file = await this.at(side).catch(() => undefined);
        return file?.state === state && !file.pending;
      });
    }
    return this;
  }

  /** Waits until both sides have so many notes. */
  async haveNotes(count: number): Promise<this> {
    for (const side of ['receiving', 'handling'] as const)
      await until(`${count} notes at the ${side} region`, async () => {
        return (await this.at(side)).document.notes?.length === count;
      });
    return this;
  }

  async takenIn(): Promise<this> {
    await this.act('receiving', 'receive');
    await this.act('receiving', 'transfer');
    return this.are('transferred');
  }

  /** What happened, as one side has it. */
  async history(side: keyof Sides): Promise<string[]> {
    return (await this.#sides[side].services.cases.events(this.key)).map(({ event }) => event);
  }
}

function handlerOf(side: keyof Sides) {
  return side === 'receiving' ? WINDOW : BACK_OFFICE;
}
