import type { Readable } from 'node:stream';
import { answerInOrder } from '../bulk/in-order.ts';
import { readLines } from '../bulk/lines.ts';
import { submitLine } from '../bulk/submit-line.ts';
import { WaitingRoom } from '../bulk/waiting-room.ts';
import type { ApiContext } from '../context.ts';
import type { RouteModule } from '../typed.ts';
import { bytesOf } from '../views/schemas.ts';

const NDJSON = 'application/x-ndjson';
const MAX_LINE_BYTES = 64 * 1024;
/** Lines in work at once: enough that many share each commit. */
const AT_ONCE = 256;

/**
 * Mass submission: a line in, a line out, for as long as the client likes. The client has to read answers while it
 * sends, else both sides end up waiting for each other.
 */
export function bulkRoutes({ cases }: ApiContext): RouteModule {
  return (app) => {
    app.post(
      '/v1/cases/bulk',
      {
        bodyLimit: Number.MAX_SAFE_INTEGER,
        config: { streams: NDJSON },
        schema: {
          tags: ['办件 / cases'],
          summary: '批量提交 / submit cases without materials, one a line',
          description:
            '每行一个开案请求；每行一个回答，顺序相同；错误的行不影响其他行；待发过多时等待而不失败。' +
            '行内可加 key(不超过 64 个字符):同一 key 只开一个办件,重复提交得到同一回答。' +
            'Each line is a body of /v1/cases/submit, at most 64 KiB; a member key beside it (at most 64 characters) opens ' +
            'one case only, however often the line comes. Each answer is a line, in the same order: ' +
            '{line, conversation, number} or {line, code, message, errors}. Read the answers while sending. ' +
            '等待期间每秒发送一个空格 / while it waits a space is sent every second.',
          consumes: [NDJSON],
          response: { 200: bytesOf(NDJSON, '每行一个回答 / one answer a line') },
        },
      },
      async (request, reply) => {
        const gone = new AbortController();
        const room = new WaitingRoom(gone.signal);
        const owner = `${request.user.role} ${request.user.sub}`;
        const submit = (input: unknown, conversation?: string) =>
          cases.submit(input, conversation === undefined ? {} : { conversation });
        const answers = answerInOrder(
          readLines(request.body as Readable, MAX_LINE_BYTES),
          (line, number) => submitLine(line, number, owner, submit, room),
          { atOnce: AT_ONCE, onEnd: () => gone.abort() },
        );
        return reply.type(NDJSON).send(answers);
      },
    );
  };
}
