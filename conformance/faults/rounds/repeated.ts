import { PASSPHRASE } from '../../bench/gateways/gateway-process.ts';
import type { Random } from '../../fuzz/random.ts';
import { caseGrounds, cite, transfer } from '../../modules/case-ground.ts';
import { openRegionFolder, readStatement } from '../../region-folder.ts';
import type { Answer } from '../../wire/answers.ts';
import type { Written } from '../../wire/hostile-peer.ts';
import type { Session } from '../../wire/session.ts';
import { Workbench } from '../../workbench.ts';
import type { Play, Round } from '../round.ts';

/** Envelopes of one conversation: a case, and what follows it. */
const IN_CONVERSATION = 4;
/** Envelopes of one batch, at most. */
const BATCH = 64;
/** Times that everything is sent again, each time in another order. */
const AGAIN = 3;
/** Rounds of sending until everything has a receipt, at most: each fills at least the first gap of a conversation. */
const ROUNDS = 40;

export const repeated: Round = {
  name: 'repeated',
  title: {
    zh: '批次打乱次序、重复发送',
    en: 'batches come in another order, and again and again',
  },
  prepare: async () => ({ disturb: postAndRepeat }),
};

/** Speaks on the wire in the sender's name, beside the sender: TLS hides the batches of a gateway from any proxy. */
async function postAndRepeat(play: Play): Promise<void> {
  const { stage, random, effort, now, load, signal } = play;
  const target = await readStatement(`${stage.receiver.folder}/statement.jwt`);
  const bench = await Workbench.open(await openRegionFolder(stage.sender.folder, PASSPHRASE, target), target, now);
  try {
    await load.reached(0.05);
    const envelopes = write(bench, Math.ceil(effort.posted / IN_CONVERSATION));
    const receipts = await bench.inSession((session) => postAll(session, envelopes, random, signal));
    for (let turn = 0; turn < AGAIN && !signal.aborted; turn += 1)
      await bench.inSession((session) => repeatAll(session, envelopes, receipts, random));
    for (const envelope of envelopes) {
      const { id, conversation, sequence, leaf } = envelope;
      const receipt = receipts.get(id)!.toString('hex');
      play.ledger.posted({ id, conversation, sequence, leaf: leaf.toString('hex'), receipt });
    }
  } finally {
    bench.close();
  }
}

function write(bench: Workbench, conversations: number): Written[] {
  const [ground] = caseGrounds(bench);
  return Array.from({ length: conversations }, () => {
    const changes = cite(ground!.agreement);
    const first = bench.peer.write('CaseTransfer', transfer(ground!, bench.now()), changes);
    const { conversation } = first;
    const rest = Array.from({ length: IN_CONVERSATION - 1 }, (_, n) =>
      bench.peer.ping({ conversation, sequence: n + 2 }),
    );
    return [first, ...rest];
  }).flat();
}

/** Sends everything in any order until each has a receipt. @returns the bodies by the id of the envelope */
async function postAll(
  session: Session,
  envelopes: readonly Written[],
  random: Random,
  signal: AbortSignal,
): Promise<Map<string, Buffer>> {
  const receipts = new Map<string, Buffer>();
  let left = [...envelopes];
  for (let round = 0; left.length > 0; round += 1) {
    if (round === ROUNDS || signal.aborted) throw new Error(`${left.length} posted envelopes have no receipt`);
    for (const batch of dealt(left, random)) {
      const answers = await session.deliver(batch);
      for (const envelope of batch) {
        const body = receiptIn(answers.to(envelope));
        if (body) receipts.set(envelope.id, body);
      }
    }
    left = left.filter(({ id }) => !receipts.has(id));
  }
  return receipts;
}

/** Sends everything once more. @throws Error when an answer is not the receipt that was given before */
async function repeatAll(
  session: Session,
  envelopes: readonly Written[],
  receipts: ReadonlyMap<string, Buffer>,
  random: Random,
): Promise<void> {
  for (const batch of dealt(envelopes, random)) {
    const answers = await session.deliver(batch);
    for (const envelope of batch) {
      const body = receiptIn(answers.to(envelope));
      if (!body?.equals(receipts.get(envelope.id)!))
        throw new Error(`${envelope.id} got another receipt when it was repeated`);
    }
  }
}

/** @returns undefined for what is to be sent again @throws Error for what was not accepted */
function receiptIn(answer: Answer): Buffer | undefined {
  if (answer.kind === 'receipt' && answer.code === '') return answer.body;
  if (answer.kind === 'deferral') return undefined;
  throw new Error(`a posted envelope got a ${answer.kind} ${answer.code}`);
}

/** Everything in batches of any size, in any order. */
function* dealt(envelopes: readonly Written[], random: Random): Generator<Written[]> {
  const deck = [...envelopes];
  for (let n = deck.length - 1; n > 0; n -= 1) {
    const other = random.below(n + 1);
    [deck[n], deck[other]] = [deck[other]!, deck[n]!];
  }
  while (deck.length > 0) yield deck.splice(0, 1 + random.below(BATCH));
}
