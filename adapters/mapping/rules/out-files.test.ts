import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CodedError } from '#proto';
import { NOW, testContext, testEvent } from '../../testing/context.ts';
import { temporaryFolder } from '../../testing/folders.ts';
import type { FileMapping } from '../file-mapping.ts';
import { loadMapping } from '../load-mapping.ts';
import { mappedSink } from '../mapped-sink.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

async function load(yaml: string): Promise<FileMapping> {
  const file = join(folder.path, 'mapping.yaml');
  await writeFile(file, yaml);
  return loadMapping(file, { now: () => NOW });
}

describe('the files of a document', () => {
  const digests = ['a', 'b', 'c'].map((one) => one.repeat(64));
  const found = {
    number: 'N1',
    materials: digests.map((digest, index) => {
      return { name: ['营业执照', 'a/b', '图.jpg'][index], digest, size: index + 1, mediaType: 'application/pdf' };
    }),
  };
  const document = 'document: { F: { each: files, fields: { n: name, f: file, s: size } } }';
  const of = (...entries: readonly string[]) =>
    load(`mapping: 1\nout: [{ on: "*", reads: case, ${document}, files: [${entries.join(', ')}] }]\n`);

  it('are materials of the case, whose names as files the document can say', async () => {
    const mapping = await of('{ each: case.materials, material: digest, row: { no: $record.case.number } }');
    const mapped = await mapping.out(testEvent(1), found);
    const names = ['营业执照.pdf', 'a_b.pdf', '图.jpg'];
    expect(mapped).toMatchObject({
      documents: [{ F: found.materials.map(({ name, size }, index) => ({ n: name, f: names[index], s: size })) }],
      files: [digests.map((material, index) => ({ material, file: names[index], size: index + 1, row: { no: 'N1' } }))],
    });
  });

  it('are named and chosen by expressions, and one without a digest is left out', async () => {
    const mapping = await of(
      "{ each: 'case.materials[size > 1]', name: '\"图 \" & size', material: digest }",
      '{ name: { value: x }, material: case.none }',
    );
    expect(await mapping.out(testEvent(1), found)).toMatchObject({
      documents: [{ F: [{ f: '图 2.pdf' }, { f: '图 3.pdf' }] }],
      files: [[{ material: digests[1] }, { material: digests[2] }]],
    });
  });

  it('make a problem each that is no material of the case, and all of them when there are too many', async () => {
    const strange = await of('{ material: case.number }', '{ each: case.materials, material: digest }');
    expect(await strange.out(testEvent(1), found)).toMatchObject({
      ok: false,
      problems: [{ pointer: '/documents/0/files/0/material', code: 'NO_MATERIAL' }],
    });
    expect(await strange.out(testEvent(1), undefined)).toEqual({ ok: true, documents: [{}] });
    const many = await of('{ each: "[1..101]", material: "$record.case.materials[0].digest" }');
    expect(await many.out(testEvent(1), found)).toMatchObject({
      ok: false,
      problems: [{ pointer: '/documents/0/files', code: 'TOO_MANY' }],
    });
  });

  it('need the case, and a document', async () => {
    const files = 'files: [{ each: case.materials, material: digest }]';
    const error = (await load(`mapping: 1
out:
  - { on: x, document: { A: event.id }, ${files} }
  - { on: x, reads: case, ignore: 不涉及, ${files} }
  - { on: x, reads: case, documents: [{ document: { A: event.id } }], ${files} }
  - { on: x, reads: case, document: { A: event.id }, files: [{ each: "a[" , material: digest }] }
`).catch((thrown: unknown) => thrown)) as CodedError;
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.problems.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
      '/out/0/files CONFLICT',
      '/out/1/files CONFLICT',
      '/out/2/files CONFLICT',
      '/out/3/files/0/each EXPRESSION',
    ]);
  });

  it('are refused at once where a kind of platform takes none', async () => {
    const mapping = await of('{ each: case.materials, material: digest }');
    const sent: unknown[] = [];
    const context = { ...testContext(), cases: { ...testContext().cases, read: async () => found } };
    const sink = mappedSink(mapping, context, async (one) => void sent.push(one));
    const delivery = sink.deliver(testEvent(1), new AbortController().signal);
    await expect(delivery).rejects.toMatchObject({ code: 'PLATFORM_REFUSED', retryable: false });
    expect(sent).toEqual([]);
  });
});
