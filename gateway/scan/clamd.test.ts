import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ScanConfig } from '../config/materials-config.ts';
import { ScannerAway, scanStream } from './clamd.ts';
import { EICAR, type LittleClamd, startClamd } from './testing/little-clamd.ts';

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function scanner(options: Parameters<typeof startClamd>[0] = {}): Promise<LittleClamd> {
  const clamd = await startClamd(options);
  closing.push(() => clamd.stop());
  return clamd;
}

const at = (port: number, timeoutMs = 5_000): ScanConfig => {
  return { clamd: { host: '127.0.0.1', port }, timeoutMs, onUnavailable: 'hold' };
};
const never = new AbortController().signal;

async function* streamOf(...parts: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

describe('a scanner', () => {
  it('finds nothing in a file of many pieces, and sees every byte of it', async () => {
    const clamd = await scanner();
    const large = Buffer.alloc(300_000, 'x');
    expect(await scanStream(at(clamd.port), streamOf(large, large, 'end'), never)).toEqual({ verdict: 'clean' });
    expect(await scanStream(at(clamd.port), streamOf(), never)).toEqual({ verdict: 'clean' });
    expect(clamd.scanned).toEqual([600_003, 0]);
  });

  it('names what it finds, wherever that stands', async () => {
    const clamd = await scanner();
    const bytes = streamOf(Buffer.alloc(70_000), EICAR.slice(0, 20), EICAR.slice(20));
    expect(await scanStream(at(clamd.port), bytes, never)).toEqual({
      verdict: 'flagged',
      signature: 'Eicar-Test-Signature',
    });
  });

  it('is spoken to over a socket of the machine too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tongban-clamd-'));
    closing.push(() => rm(folder, { recursive: true }));
    const path = join(folder, 'clamd.sock');
    await scanner({ path });
    const config = { ...at(0), clamd: { path } };
    expect(await scanStream(config, streamOf(EICAR), never)).toMatchObject({ verdict: 'flagged' });
  });

  it('that takes no file of this size says so in the middle of it', async () => {
    const clamd = await scanner({ limit: 100_000 });
    const bytes = (async function* () {
      for (let n = 0; n < 100; n += 1) yield Buffer.alloc(65_536);
    })();
    expect(await scanStream(at(clamd.port), bytes, never)).toEqual({ verdict: 'too-large' });
  });
});

describe('no verdict', () => {
  it.each(['', 'stream: \0', 'UNKNOWN COMMAND\0', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'OK\0'])(
    'is made of the answer %j',
    async (say) => {
      const clamd = await scanner();
      clamd.say = say;
      await expect(scanStream(at(clamd.port), streamOf('x'), never)).rejects.toThrow('did not answer');
    },
  );

  it('comes from a scanner that is away, which is told from one that fails at a file', async () => {
    const clamd = await startClamd();
    await clamd.stop();
    await expect(scanStream(at(clamd.port), streamOf('x'), never)).rejects.toBeInstanceOf(ScannerAway);
  });

  it('comes too late', async () => {
    const clamd = await scanner();
    let end: (() => void) | undefined;
    const slow = (async function* () {
      yield Buffer.from('x');
      await new Promise<void>((resolve) => {
        end = resolve;
        setTimeout(resolve, 100);
      });
    })();
    await expect(scanStream(at(clamd.port, 30), slow, never)).rejects.toThrow('did not answer');
    end?.();
  });
});
