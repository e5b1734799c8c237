import { beforeEach, describe, expect, it } from 'vitest';
import { PlatformError } from '../adapter.ts';
import { CaseMaterials } from '../testing/case-materials.ts';
import { testContext, testEvent } from '../testing/context.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { mappedSink, type OutgoingDocument } from './mapped-sink.ts';

describe('files of an event', () => {
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

  /** Two documents, of which each has one file. */
  async function deliver(): Promise<unknown> {
    const files = materials.digests.map((material) => {
      return [{ name: 'x', file: 'x.pdf', material, size: 6, mediaType: 'application/pdf' }];
    });
    const mapping = plainMapping(() => ({}), { out: async () => ({ ok: true, documents: [1, 2], files }) });
    const send = async (one: OutgoingDocument) => {
      if (failure) throw failure;
      sent.push(one);
    };
    const sink = mappedSink(mapping, { ...testContext(), cases: materials.desk }, send, 'files');
    return sink.deliver(testEvent(1), new AbortController().signal).catch((error: unknown) => error);
  }

  it('are asked for unread before the first document, of which none goes out when one is not handed out', async () => {
    for (const [code, retryable] of [
      ['MATERIAL_PARKED', false],
      ['MATERIAL_UNSCANNED', true],
      ['NOT_FOUND', false],
    ] as const) {
      materials.withheld.set(materials.digests[1]!, code);
      const message = expect.stringContaining(`file 1 of the document (${code})`);
      expect(await deliver()).toMatchObject({ retryable, message });
    }
    expect([sent, materials.opened]).toEqual([[], []]);
    materials.withheld.clear();
    expect(await deliver()).toBeUndefined();
    expect(sent.map(({ files }) => files.length)).toEqual([1, 1]);
  });

  it('are asked for again at the next try, whatever the platform has got by then', async () => {
    failure = new PlatformError(true, 'the disk is full');
    expect(await deliver()).toBe(failure);
    failure = undefined;
    materials.withheld.set(materials.digests[0]!, 'MATERIAL_PARKED');
    expect(await deliver()).toMatchObject({ code: 'PLATFORM_REFUSED', retryable: false });
    expect(sent).toEqual([]);
  });
});
