import { createHash, randomBytes } from 'node:crypto';
import { LIMITS } from '#proto';
import type { ConformanceModule } from '../check.ts';
import { demand, say } from '../finding.ts';
import type { Workbench } from '../workbench.ts';
import { demandCallFails, freshConversation } from './traces.ts';

const SIZE = LIMITS.chunkBytes + 1000;

/** Material files: chunked, resumable, counted only once their digest was checked. */
export const material: ConformanceModule = [
  {
    id: 'material.resume',
    clause: 'exchange.proto MaterialService',
    negative: false,
    title: { zh: '材料断点续传并核对摘要', en: 'a material is pushed in two parts and its digest checked' },
    run: async (bench) => {
      const file = newFile();
      await demandStatus(bench, file, 0, false);
      const half = await bench.client().pushMaterial(frames(file, 0, LIMITS.chunkBytes));
      demand(half.offset === LIMITS.chunkBytes && !half.complete, '首段未按字节记录', 'the first part was not counted');
      await demandStatus(bench, file, LIMITS.chunkBytes, false);
      const whole = await bench.client().pushMaterial(frames(file, LIMITS.chunkBytes, SIZE));
      demand(whole.offset === SIZE && whole.complete, '续传后仍不完整', 'the file is not whole after the second part');
      await demandStatus(bench, file, SIZE, true);
      await demandStatus(bench, { ...file, conversation: freshConversation() }, 0, false);
      return say('两段送达,完整;其他会话看不到该文件', 'whole after two parts; another conversation cannot see it');
    },
  },
  {
    id: 'material.digest',
    clause: 'exchange.proto MaterialService',
    negative: true,
    title: { zh: '内容与摘要不符的材料', en: 'bytes that are not those of the digest' },
    run: async (bench) => {
      const file = newFile();
      const other = { ...file, bytes: randomBytes(SIZE) };
      await demandCallFails(bench.client().pushMaterial(frames(other, 0, SIZE)), 'MATERIAL_DIGEST');
      await demandStatus(bench, file, 0, false);
      const whole = await bench.client().pushMaterial(frames(file, 0, SIZE));
      demand(whole.complete, '正确内容未被接收', 'the right bytes were not taken afterwards');
      return say('以 MATERIAL_DIGEST 结束,不留内容', 'ended with MATERIAL_DIGEST; nothing was kept');
    },
  },
  {
    id: 'material.offset',
    clause: 'exchange.proto PushOpening',
    negative: true,
    title: { zh: '续传位置不符', en: 'an offset that Status did not name' },
    run: async (bench) => {
      const file = newFile();
      await demandCallFails(bench.client().pushMaterial(frames(file, 100, SIZE)), 'MATERIAL_OFFSET');
      await demandStatus(bench, file, 0, false);
      return say('以 MATERIAL_OFFSET 结束,不留内容', 'ended with MATERIAL_OFFSET; nothing was kept');
    },
  },
  {
    id: 'material.oversized',
    clause: 'Conventions',
    negative: true,
    title: { zh: '超过 200 MiB 的材料', en: 'a material of more than 200 MiB' },
    run: async (bench) => {
      const file = newFile();
      const [opening] = frames(file, 0, 0);
      const tooLarge = { opening: { ...opening!.opening, size: LIMITS.materialBytes + 1 } };
      await demandCallFails(bench.client().pushMaterial([tooLarge]), 'MATERIAL_TOO_LARGE');
      await demandStatus(bench, file, 0, false);
      return say('以 MATERIAL_TOO_LARGE 结束', 'ended with MATERIAL_TOO_LARGE');
    },
  },
  {
    id: 'material.first-frame',
    clause: 'exchange.proto MaterialService',
    negative: true,
    title: { zh: '未先说明即发送材料内容', en: 'a chunk before the opening' },
    run: async (bench) => {
      await demandCallFails(bench.client().pushMaterial([{ chunk: randomBytes(100) }]), 'PROTOCOL_VIOLATION');
      return say('以 PROTOCOL_VIOLATION 结束', 'ended with PROTOCOL_VIOLATION');
    },
  },
];

interface TestFile {
  readonly conversation: string;
  readonly bytes: Buffer;
  readonly digest: Buffer;
}

/** A file of random bytes that a fresh conversation would name. */
export function newFile(conversation: string = freshConversation()): TestFile {
  const bytes = randomBytes(SIZE);
  return { conversation, bytes, digest: createHash('sha256').update(bytes).digest() };
}

/** The frames that push a part of a file. */
export function frames(
  file: TestFile,
  from = 0,
  to: number = file.bytes.length,
): { opening?: object; chunk?: Buffer }[] {
  const { conversation, digest, bytes } = file;
  const list: { opening?: object; chunk?: Buffer }[] = [
    { opening: { conversation, digest, size: bytes.length, offset: from } },
  ];
  for (let at = from; at < to; at += LIMITS.chunkBytes) {
    list.push({ chunk: bytes.subarray(at, Math.min(to, at + LIMITS.chunkBytes)) });
  }
  return list;
}

async function demandStatus(bench: Workbench, file: TestFile, offset: number, complete: boolean): Promise<void> {
  const { conversation, digest } = file;
  const status = await bench.client().materialStatus({ conversation, digest });
  demand(
    status.offset === offset && status.complete === complete,
    `暂存 ${status.offset} 字节,应为 ${offset}`,
    `${status.offset} bytes are staged instead of ${offset}`,
  );
}
