import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CodedError, type PayloadName } from '#proto';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { AgreementPair, type AgreementSide, pairDraft } from '../testing/agreement-pair.ts';
import type { HandedOver } from '../testing/region-pair.ts';

const START = Date.parse('2026-11-20T09:00:00+08:00');
const DAY = 24 * 60 * 60 * 1000;
const HOUR = DAY / 24;

const ACTS = ['accept', 'counter', 'renew', 'suspend', 'resume', 'revoke', 'revoke-for-cause', 'contacts'] as const;
/** How often each is tried: what begins something more often than what ends it. */
const WEIGHTS = {
  accept: 6,
  counter: 2,
  renew: 4,
  suspend: 2,
  resume: 2,
  revoke: 1,
  'revoke-for-cause': 1,
  contacts: 1,
};
const act = fc.oneof(...ACTS.map((name) => ({ weight: WEIGHTS[name], arbitrary: fc.constant(name) })));

type Step =
  | { readonly do: 'act'; readonly side: 0 | 1; readonly act: (typeof ACTS)[number]; readonly which: number }
  | { readonly do: 'deliver' | 'settle' | 'lose'; readonly side: 0 | 1 }
  | { readonly do: 'wait'; readonly hours: number };

const side = fc.constantFrom(0 as const, 1 as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('act' as const), side, act, which: fc.nat(5) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('deliver' as const, 'settle' as const), side }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), side }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 96 }) }) },
);

let pair: AgreementPair;

const regions: Record<string, ThrowawayRegion> = {};

beforeAll(async () => {
  for (const code of ['320600', '150626']) regions[code] = await throwawayRegion(code, { now: START - DAY });
  pair = await AgreementPair.open(regions, START);
});

afterAll(() => pair.close());

/** Two regions that act without knowing of each other, and what is on the way between them. */
class Run {
  readonly sides: readonly [AgreementSide, AgreementSide] = [pair.nantong, pair.uxin];
  readonly ids: string[] = [];
  /** Verdicts whose receipts have not come back yet, by sender. */
  readonly #decided: [HandedOver[], HandedOver[]] = [[], []];

  /** @param agreed whether it begins in force, not as a proposal */
  async begin(agreed: boolean): Promise<void> {
    const at = (days: number) => new Date(pair.clock.at + days * DAY).toISOString();
    const draft = pairDraft({ valid_from: at(-1), valid_until: at(10) });
    this.ids.push(agreed ? await pair.agree(draft) : (await pair.nantong.service.propose(draft)).id);
  }

  async take(one: Step): Promise<void> {
    if (one.do === 'act') await this.#act(one.side, one.act, this.ids[one.which % this.ids.length]!);
    else if (one.do === 'wait') pair.clock.at += one.hours * HOUR;
    else if (one.do === 'deliver') await this.#deliver(one.side);
    else if (one.do === 'settle') await this.#settle(one.side);
    else await this.#lose(one.side);
  }

  /** Everything arrives, and both look at their calendars. */
  async end(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      quiet += 1;
      for (const from of [0, 1] as const) {
        await this.#settle(from);
        await this.#deliver(from);
        if (this.#decided[from].length > 0) quiet = 0;
        await this.#settle(from);
      }
    }
    for (const { service } of this.sides) await service.keepCalendar();
  }

  async #act(of: 0 | 1, act: (typeof ACTS)[number], id: string): Promise<void> {
    const { service } = this.sides[of];
    const valid_until = new Date(pair.clock.at + 20 * DAY).toISOString();
    const soon = this.ids.length % 2 === 1 ? { valid_from: new Date(pair.clock.at).toISOString() } : {};
    try {
      if (act === 'counter') this.ids.push((await service.counter(id, { terms: `第 ${this.ids.length} 稿` })).id);
      else if (act === 'renew') this.ids.push((await service.renew(id, { valid_until, ...soon })).id);
      else if (act === 'contacts') await service.setContacts(id, [{ name: `第 ${this.ids.length} 人`, phone: '1' }]);
      else if (act === 'accept') await service.accept(id);
      else if (act === 'suspend' || act === 'resume') await service[act](id, act);
      else await service.revoke(id, `${act} ${of}`, act === 'revoke-for-cause');
    } catch (error) {
      // What is not possible now is not done.
      if (!(error instanceof CodedError)) throw error;
    }
  }

  async #deliver(from: 0 | 1): Promise<void> {
    if (this.#decided[from].length > 0) return;
    const verdicts = await pair.deliver(this.sides[from], this.sides[from === 0 ? 1 : 0]);
    this.#decided[from] = verdicts.filter(({ code }) => code !== 'AUTHORIZATION_PENDING');
  }

  async #settle(from: 0 | 1): Promise<void> {
    await pair.receipt(this.sides[from], this.sides[from === 0 ? 1 : 0], this.#decided[from].splice(0));
  }

  /** The peer is away so long that everything that waits expires. */
  async #lose(from: 0 | 1): Promise<void> {
    if (this.#decided[from].length > 0) return;
    const [sender, recipient] = [this.sides[from], this.sides[from === 0 ? 1 : 0]];
    const waiting = await sender.outbox.pendingAfter(recipient.region, 0, 256);
    const lost = waiting.map((envelope) => {
      return { envelope, name: envelope.type.split('.').at(-1) as PayloadName, code: 'EXPIRED' as const };
    });
    await pair.receipt(sender, recipient, lost);
  }
}

/** What both books must say alike. */
async function entry({ service }: AgreementSide, id: string) {
  const found = await service.get(id).catch(() => undefined);
  if (!found || found.state === 'draft') return undefined;
  const { state, digest, document, activatedAt, revocation, suspensions, catalogues } = found;
  const suspended = suspensions.map(({ by }) => by).sort();
  const contacts = await service.contacts(id);
  return {
    state,
    digest,
    document,
    everInForce: activatedAt !== undefined,
    revocation,
    suspended,
    catalogues,
    contacts,
  };
}

it('both books are the same, byte for byte, once everything has arrived, whatever crossed or was lost', async () => {
  const reached = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 15, maxLength: 45, size: 'max' }),
      fc.boolean(),
      async (steps, agreed) => {
        if (pair.clock.at > START + 200 * DAY) {
          // The statements of the two regions end after a year.
          await pair.close();
          pair = await AgreementPair.open(regions, START);
        }
        const run = new Run();
        await run.begin(agreed);
        for (const one of steps) await run.take(one);
        await run.end();
        for (const id of run.ids) {
          const [ours, theirs] = [await entry(run.sides[0], id), await entry(run.sides[1], id)];
          // A proposal that never arrived is a draft at one side and nothing at the other.
          if (ours && theirs) expect(ours).toEqual(theirs);
          if (ours) reached.add(ours.state);
        }
      },
    ),
    { numRuns: 60 },
  );
  expect(reached.size).toBeGreaterThanOrEqual(6);
}, 120_000);
