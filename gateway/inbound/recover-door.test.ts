import { EventEmitter } from 'node:events';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { CodedError, type messages } from '#proto';
import { throwawayRegion } from '../../trust/testing/index.ts';
import { CODE_METADATA } from '../outbound/peer-client.ts';
import { RecoverDoor } from './recover-door.ts';

type Call = ServerWritableStream<messages.RecoverRequest, object>;

test('a region that is removed meanwhile gets nothing more, and is told so', async () => {
  const { statement } = await throwawayRegion('350500');
  const refused: string[] = [];
  const written: object[] = [];
  let isPinned = true;
  const door = new RecoverDoor({
    clock: { now: () => 0 },
    giveBack: async function* () {
      yield { number: 1 };
      isPinned = false;
      yield { number: 2 };
    },
    onUnexpected: (error) => expect.fail(String(error)),
    onRefusedCall: (code) => refused.push(code),
  });
  const call = Object.assign(new EventEmitter(), {
    request: { since: 0 },
    cancelled: false,
    write: (frame: object) => written.push(frame) > 0,
    end: () => expect.fail('the call ended as if all had been given back'),
  });
  const ended = new Promise<{ metadata: { get(name: string): unknown[] } }>((resolve) => call.on('error', resolve));
  door.serve(call as unknown as Call, () => {
    if (!isPinned) throw new CodedError('PEER_UNKNOWN');
    return statement;
  });
  expect((await ended).metadata.get(CODE_METADATA)).toEqual(['PEER_UNKNOWN']);
  expect(written).toEqual([{ number: 1 }]);
  expect(refused).toEqual(['PEER_UNKNOWN']);
});
