import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DOCUMENT_LIMITS } from '../limits.ts';
import { buildZip, type TestFile, type TestZipOptions } from '../testing/zip.ts';
import { readZip } from './zip.ts';

const withCode = (code: string) => expect.objectContaining({ code });
const text = (name: string, content = name): TestFile => ({ name, bytes: Buffer.from(content) });

/** Reads a container and everything in it. */
function readAll(zip: Buffer): Record<string, string> {
  const container = readZip(zip);
  return Object.fromEntries(container.names.map((name) => [name, container.read(name).toString()]));
}

it('reads what was written, packed, stored or as a stream', () => {
  const file = fc.record({ bytes: fc.uint8Array({ maxLength: 300 }), stored: fc.boolean(), descriptor: fc.boolean() });
  fc.assert(
    fc.property(fc.array(file, { maxLength: 8 }), (files) => {
      const named = files.map((one, index) => ({ ...one, name: `Doc_0/file ${index}.xml` }));
      const zip = readZip(buildZip(named));
      expect(zip.names).toEqual(named.map(({ name }) => name));
      for (const { name, bytes } of named) expect(zip.read(name)).toEqual(Buffer.from(bytes));
    }),
  );
});

it('leaves folders out, allows a comment at the end, and reads Chinese names of either encoding', () => {
  const gb18030 = Buffer.from('b7a2c6b12e786d6c', 'hex');
  const zip = buildZip([text('Doc_0/', ''), text('Doc_0/证明.xml'), { name: gb18030, bytes: Buffer.of(1), flags: 0 }], {
    comment: 'made by hand',
  });
  expect(readZip(zip).names).toEqual(['Doc_0/证明.xml', '发票.xml']);
});

describe.each<[string, string, readonly TestFile[], TestZipOptions]>([
  ['a name that climbs out', 'zip-name', [text('../../etc/passwd')], {}],
  ['a name that climbs in the middle', 'zip-name', [text('Doc_0/../../x')], {}],
  ['an absolute name', 'zip-name', [text('/OFD.xml')], {}],
  ['a name of another system', 'zip-name', [text('Doc_0\\..\\x')], {}],
  ['a drive', 'zip-name', [text('C:x')], {}],
  ['a name with a zero', 'zip-name', [text('OFD.xml\0.png')], {}],
  ['a name that turns its direction', 'zip-name', [text('OFD\u202elmx')], {}],
  ['no name', 'zip-name', [text('')], {}],
  ['a name that is too long', 'zip-name', [text('x'.repeat(DOCUMENT_LIMITS.nameBytes + 1))], {}],
  ['a name that says UTF-8 and is not', 'zip-name', [{ name: Buffer.of(0xb7, 0xa2), bytes: Buffer.of(1) }], {}],
  ['the same file twice', 'zip-duplicate', [text('OFD.xml', 'one'), text('OFD.xml', 'two')], {}],
  ['the same file in other letters', 'zip-duplicate', [text('OFD.xml'), text('ofd.XML')], {}],
  ['a file and a folder of one name', 'zip-duplicate', [text('Doc_0'), text('Doc_0/', '')], {}],
  ['an encrypted file', 'zip-encrypted', [{ ...text('OFD.xml'), flags: 0x0801 }], {}],
  ['an encrypted directory', 'zip-encrypted', [{ ...text('OFD.xml'), flags: 0x2800 }], {}],
  ['another method', 'zip-unsupported', [{ ...text('OFD.xml'), method: 14 }], {}],
  ['files of 64 bits', 'zip-unsupported', [{ ...text('OFD.xml'), size: 0xffffffff }], {}],
  ['64 bits at the end', 'zip-unsupported', [text('OFD.xml')], { count: 0xffff }],
  ['bytes before the first file', 'zip-hidden', [text('OFD.xml')], { before: Buffer.from('#!/bin/sh\n') }],
  ['bytes before the directory', 'zip-hidden', [text('OFD.xml')], { between: Buffer.from('hidden') }],
  ['bytes after the end', 'zip-malformed', [text('OFD.xml')], { after: Buffer.from('hidden') }],
  ['a file that the directory hides', 'zip-hidden', [text('OFD.xml'), text('x')], { count: 1 }],
  ['fewer files than it tells', 'zip-malformed', [text('OFD.xml')], { count: 2 }],
  ['too many files', 'zip-limit', [text('OFD.xml')], { count: DOCUMENT_LIMITS.entries + 1 }],
  ['more bytes than are unpacked', 'zip-limit', [{ ...text('x'), size: DOCUMENT_LIMITS.unpackedBytes + 1 }], {}],
  ['a bomb that tells a small size', 'zip-malformed', [{ name: 'x', bytes: Buffer.alloc(1 << 20), size: 10 }], {}],
  ['a size that is too large', 'zip-malformed', [{ ...text('x'), size: 100 }], {}],
  ['another checksum', 'zip-malformed', [{ ...text('x'), crc: 1 }], {}],
  ['bytes after the packed ones', 'zip-hidden', [{ ...text('x'), tail: Buffer.from('hidden') }], {}],
  ['bytes that are not packed', 'zip-malformed', [{ ...text('x'), packed: Buffer.from('no deflate') }], {}],
  ['two names for one file', 'zip-malformed', [{ ...text('shown.xml'), directoryName: 'other.xml' }], {}],
  ['a folder with bytes', 'zip-malformed', [text('Doc_0/', 'bytes')], {}],
])('a container with %s', (_, code, files, options) => {
  it(`is refused: ${code}`, () => {
    expect(() => readAll(buildZip(files, options))).toThrow(withCode(code));
  });
});

it('is refused when two files share their bytes, as bombs do', () => {
  const zip = buildZip([text('a.xml', 'same'), text('b.xml', 'same')]);
  const second = zip.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
  zip.writeUInt32LE(0, second + 42);
  expect(() => readZip(zip)).toThrow(withCode('zip-hidden'));
});

it('never reads anything else than a container, nor hangs', () => {
  const good = buildZip([text('OFD.xml', 'content '.repeat(20)), { ...text('b.xml'), descriptor: true }]);
  const expected = readAll(good);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(4), (at, change, cut) => {
      const spoilt = Buffer.from(good.subarray(0, good.length - cut));
      if (at < spoilt.length) spoilt[at] = spoilt[at]! ^ change;
      try {
        // What still reads has the same content: dates and versions are nobody's business.
        expect(Object.values(readAll(spoilt))).toEqual(Object.values(expected));
      } catch (error) {
        expect(error).toMatchObject({ name: 'DocumentFault' });
      }
    }),
    { numRuns: 500 },
  );
});
