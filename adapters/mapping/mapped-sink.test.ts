import { beforeEach, describe, expect, it } from 'vitest';
import { PlatformError } from '../adapter.ts';
import { CaseMaterials, piecesOf } from '../testing/case-materials.ts';
import { testContext, testEvent } from '../testing/context.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import type { FileWays } from './carry-files.ts';
import { mappedSink, type OutgoingDocument } from './mapped-sink.ts';
import type { MappedMaterial } from './mapping.ts';
import { newStandIn } from './stand-in.ts';

let materials: CaseMaterials;
let sent: OutgoingDocument[];
let failure: PlatformError | undefined;
beforeEach(() => {
  materials = new CaseMaterials([
    ['营业执照', Buffer.from('%PDF-1')],
    ['申请书', Buffer.from('%PDF-2')],
  ]);
  sent = [];
  failure = undefined;
});

function materialOf(digest: string, size = 6): MappedMaterial {
  const about = { name: 'x', file: 'x.pdf', material: digest, size, mediaType: 'application/pdf' };
  return { ...about, content: newStandIn(), reference: newStandIn() };
}

type Documents = readonly { readonly document: unknown; readonly files: readonly MappedMaterial[] }[];

/** Brings documents and their files to a platform that keeps them; whatever is wrong is returned. */
async function deliver(documents: Documents, ways: FileWays): Promise<unknown> {
  const files = documents.map((one) => one.files);
  const mapped = { ok: true as const, documents: documents.map(({ document }) => document), files };
  const mapping = plainMapping(() => ({}), { out: async () => mapped });
  const send = async (one: OutgoingDocument) => {
    if (failure) throw failure;
    sent.push(one);
  };
  const sink = mappedSink(mapping, { ...testContext(), cases: materials.desk }, send, ways);
  return sink.deliver(testEvent(1), new AbortController().signal).catch((error: unknown) => error);
}

describe('files of an event', () => {
  /** Two documents, of which each has one file beside it. */
  const deliverTwo = () =>
    deliver(
      materials.digests.map((digest) => ({ document: {}, files: [materialOf(digest)] })),
      { beside: true },
    );

  it('are asked for unread before the first document, of which none goes out when one is not handed out', async () => {
    for (const [code, retryable] of [
      ['MATERIAL_PARKED', false],
      ['MATERIAL_UNSCANNED', true],
      ['NOT_FOUND', false],
    ] as const) {
      materials.withheld.set(materials.digests[1]!, code);
      const message = expect.stringContaining(`file 1 of the document (${code})`);
      expect(await deliverTwo()).toMatchObject({ retryable, message });
    }
    expect([sent, materials.opened]).toEqual([[], []]);
    materials.withheld.clear();
    expect(await deliverTwo()).toBeUndefined();
    expect(sent.map(({ files }) => files.length)).toEqual([1, 1]);
  });

  it('are asked for again at the next try, whatever the platform has got by then', async () => {
    failure = new PlatformError(true, 'the disk is full');
    expect(await deliverTwo()).toBe(failure);
    failure = undefined;
    materials.withheld.set(materials.digests[0]!, 'MATERIAL_PARKED');
    expect(await deliverTwo()).toMatchObject({ code: 'PLATFORM_REFUSED', retryable: false });
    expect(sent).toEqual([]);
  });
});

describe('files within a document', () => {
  it('stand where the document puts their content, in base64, at any depth and within longer texts', async () => {
    const [one, other] = materials.digests.map((digest) => materialOf(digest)) as [MappedMaterial, MappedMaterial];
    const foreign = newStandIn();
    const document = {
      CL: [{ NR: one.content }, { NR: `data:application/pdf;base64,${other.content}`, again: other.content }],
      note: foreign,
      n: 1,
      none: null,
    };
    expect(await deliver([{ document, files: [one, other] }], {})).toBeUndefined();
    const [first, second] = ['%PDF-1', '%PDF-2'].map((text) => Buffer.from(text).toString('base64'));
    expect(sent.map((said) => said.document)).toEqual([
      {
        CL: [{ NR: first }, { NR: `data:application/pdf;base64,${second}`, again: second }],
        note: foreign,
        n: 1,
        none: null,
      },
    ]);
    expect(materials.opened).toEqual(materials.digests);
  });

  it('are refused, unread, where a file would go nowhere: left out of the document, or in the name of a member', async () => {
    const file = materialOf(materials.digests[0]!);
    for (const document of [{}, { [file.content]: 1 }])
      expect(await deliver([{ document, files: [file] }], {})).toMatchObject({
        retryable: false,
        message: expect.stringContaining('put files.content into the document'),
      });
    expect(await deliver([{ document: { id: file.reference, NR: file.content }, files: [file] }], {})).toMatchObject({
      retryable: false,
      message: expect.stringContaining('files.reference of a file that is not uploaded'),
    });
    expect([sent, materials.opened]).toEqual([[], []]);
  });

  it('do not go beside it as well, where the kind takes others there', async () => {
    const [one, other] = materials.digests.map((digest) => materialOf(digest)) as [MappedMaterial, MappedMaterial];
    expect(await deliver([{ document: [one.content], files: [one, other] }], { beside: true })).toBeUndefined();
    expect(sent.map(({ files }) => files.map(({ material }) => material))).toEqual([[other.material]]);
  });

  it('count as often as the document has them', async () => {
    const file = materialOf(materials.digests[0]!, 6 * 1024 * 1024);
    const document = { a: `${file.content},${file.content}`, b: [file.content] };
    expect(await deliver([{ document, files: [file] }], {})).toMatchObject({
      retryable: false,
      message: expect.stringContaining('more than 16384 KiB together'),
    });
    expect([sent, materials.opened]).toEqual([[], []]);
  });

  it('are not waited for by a delivery that is broken off, nor opened by those behind it', async () => {
    const [digest] = materials.digests as [string];
    const reading = Promise.withResolvers<void>();
    materials.instead.set(digest, async function* () {
      reading.resolve();
      await new Promise(() => {});
      yield Buffer.of();
    });
    const file = materialOf(digest);
    const mapped = { ok: true as const, documents: [[file.content]], files: [[file]] };
    const mapping = plainMapping(() => ({}), { out: async () => mapped });
    const sink = mappedSink(mapping, { ...testContext(), cases: materials.desk }, async () => undefined);
    const stop = new AbortController();
    const both = [1, 2].map((number) => sink.deliver(testEvent(number), stop.signal));
    await reading.promise;
    stop.abort();
    for (const end of await Promise.allSettled(both))
      expect(end).toMatchObject({ reason: { retryable: true, message: 'the delivery was broken off' } });
    expect(materials.opened).toEqual([digest]);
    materials.instead.clear();
    await sink.deliver(testEvent(3), new AbortController().signal);
  });

  it('are refused, unread, when they have more together than the kind takes', async () => {
    const half = 8 * 1024 * 1024;
    const [one, other] = [materialOf(materials.digests[0]!, half), materialOf(materials.digests[1]!, half + 1)];
    const documents = [{ document: [one.content, other.content], files: [one, other] }];
    const tooLarge = (kib: number) => expect.stringContaining(`more than ${kib} KiB together`);
    expect(await deliver(documents, {})).toMatchObject({ retryable: false, message: tooLarge(16_384) });
    expect(await deliver(documents, { withinKib: 720 })).toMatchObject({ retryable: false, message: tooLarge(720) });
    expect([sent, materials.opened]).toEqual([[], []]);
  });

  it('end the delivery for good when they are not what they were, and nothing is sent', async () => {
    const [digest] = materials.digests as [string];
    materials.instead.set(digest, () => piecesOf(Buffer.from('%PDF-3')));
    const file = materialOf(digest);
    expect(await deliver([{ document: [file.content], files: [file] }], {})).toMatchObject({
      retryable: false,
      message: expect.stringContaining('MATERIAL_DIGEST'),
    });
    expect(sent).toEqual([]);
  });

  it('are in memory for one document at a time, however many cases go out side by side', async () => {
    let [now, most] = [0, 0];
    const file = materialOf(materials.digests[0]!);
    const mapped = { ok: true as const, documents: [[file.content]], files: [[file]] };
    const mapping = plainMapping(() => ({}), { out: async () => mapped });
    const send = async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise(setImmediate);
      now -= 1;
      if (materials.opened.length === 2) throw new PlatformError(true, 'the platform is away');
    };
    const sink = mappedSink(mapping, { ...testContext(), cases: materials.desk }, send);
    const signal = new AbortController().signal;
    const ends = await Promise.allSettled([1, 2, 3, 4].map((number) => sink.deliver(testEvent(number), signal)));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(most).toBe(1);
  });
});

describe('files that are uploaded', () => {
  it('go there before the document, which is told what the platform calls them', async () => {
    const [one, other] = materials.digests.map((digest) => materialOf(digest)) as [MappedMaterial, MappedMaterial];
    const done: unknown[] = [];
    const upload: FileWays['upload'] = async ({ material }, { id, isNamed }) => {
      done.push([material, id, isNamed, sent.length]);
      return isNamed ? 'F-1' : undefined;
    };
    const document = { CL: { ID: one.reference } };
    expect(await deliver([{ document, files: [one, other] }], { upload })).toBeUndefined();
    const { id } = testEvent(1);
    expect(done).toEqual([
      [one.material, id, true, 0],
      [other.material, id, false, 0],
    ]);
    expect(sent.map((said) => said.document)).toEqual([{ CL: { ID: 'F-1' } }]);
  });

  it('are not uploaded where the document holds them itself', async () => {
    const [one, other] = materials.digests.map((digest) => materialOf(digest)) as [MappedMaterial, MappedMaterial];
    const done: string[] = [];
    const upload: FileWays['upload'] = async ({ material }) => {
      done.push(material);
      return 'F-2';
    };
    const document = [one.content, other.reference];
    expect(await deliver([{ document, files: [one, other] }], { upload })).toBeUndefined();
    expect(done).toEqual([other.material]);
    expect(sent.map((said) => said.document)).toEqual([[Buffer.from('%PDF-1').toString('base64'), 'F-2']]);
  });
});
