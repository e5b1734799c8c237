import { describe, expect, it } from 'vitest';
import { declaredAs, HEAD_BYTES, peek, shownType } from './file-kind.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const PNG = bytes('\x89PNG\r\n\x1a\n\0\0\0\rIHDR');
const OFD = bytes('PK\x03\x04\x14\0\0\x08');
const EXE = bytes(`MZ\x90${'\0'.repeat(80)}PE\0\0`);

async function* inPieces(whole: Buffer, size = 3): AsyncGenerator<Buffer> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

async function passed(mediaType: string, whole: Buffer): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of declaredAs(mediaType, inPieces(whole))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a file', () => {
  it.each<[string, Buffer]>([
    ['application/pdf', bytes('%PDF-1.7\n')],
    ['Application/PDF', bytes('%PDF-1.7\n')],
    ['image/png', PNG],
    ['image/jpeg', bytes('\xff\xd8\xff\xe0')],
    ['image/tiff', bytes('II*\0')],
    ['application/ofd', OFD],
    ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', OFD],
    ['application/msword', bytes('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')],
    ['application/octet-stream', EXE],
    ['text/plain', bytes('MZ is how this text begins')],
    ['application/xml', bytes('<?xml version="1.0"?><申请/>')],
    // Nobody knows what these are.
    ['application/pdf', bytes('scan')],
    ['image/png', Buffer.alloc(0)],
  ])('declared as %s passes with every byte', async (mediaType, whole) => {
    expect(await passed(mediaType, Buffer.concat([whole, Buffer.alloc(5_000, 7)]))).toEqual(
      Buffer.concat([whole, Buffer.alloc(5_000, 7)]),
    );
  });

  it.each<[string, string, Buffer]>([
    ['image/png', 'PDF', bytes('%PDF-1.7\n')],
    ['application/pdf', 'PNG', PNG],
    ['application/pdf', 'ZIP', OFD],
    ['image/jpeg', 'program', EXE],
    ['application/pdf', 'program', bytes('\x7fELF\x02')],
    ['text/plain', 'program', bytes('#!/bin/sh\n')],
    ['image/png', 'HTML', bytes('<!DOCTYPE html><script>')],
    ['text/html', 'HTML', bytes('\n <html>')],
    ['image/svg+xml', 'HTML', bytes('<?xml version="1.0"?><!-- a --><svg onload="x">')],
  ])('declared as %s is refused when it is a %s', async (mediaType, name, whole) => {
    const fault = { code: 'VALIDATION_FAILED', message: expect.stringContaining(name) };
    await expect(passed(mediaType, whole)).rejects.toMatchObject(fault);
  });

  it.each<[string, Buffer, string]>([
    ['image/png', PNG, 'image/png'],
    ['IMAGE/PNG', PNG, 'image/png'],
    ['image/png', bytes('<html>'), 'application/octet-stream'],
    ['image/png', bytes('nothing known'), 'application/octet-stream'],
    ['text/html', bytes('<html>'), 'application/octet-stream'],
    ['image/svg+xml', bytes('<svg>'), 'application/octet-stream'],
    ['text/plain', bytes('text'), 'application/octet-stream'],
    ['application/pdf', PNG, 'application/octet-stream'],
  ])('declared as %s, being %j, is handed out as %s', (mediaType, head, shown) => {
    expect(shownType(mediaType, head)).toBe(shown);
  });

  it('that is refused lets go of its source, and of a file that is read on the rest comes', async () => {
    let isReleased = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield bytes('%PDF-1.7 '.repeat(50));
      } finally {
        isReleased = true;
      }
    }
    await expect(declaredAs('image/png', source())[Symbol.asyncIterator]().next()).rejects.toThrow('PDF');
    expect(isReleased).toBe(true);
  });

  it('is read no further than its beginning, and its source is let go of when nobody reads on', async () => {
    let isReleased = false;
    let read = 0;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        for (; ; read += 100) yield Buffer.alloc(100);
      } finally {
        isReleased = true;
      }
    }
    const { head, all } = await peek(source());
    expect([head.length, read]).toEqual([HEAD_BYTES, 1000]);
    await all.return?.();
    expect(isReleased).toBe(true);
  });
});
