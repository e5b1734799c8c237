import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { LIMITS, type messages, services, TYP } from '#proto';
import type { Clock } from '#trust';
import { Ledger } from './ledger.ts';
import type { FloorSetup } from './messages.ts';
import { type ArrivedParts, open, ownReceiptLeaves, receiptFor, Sealing } from './sealing.ts';

/** Answers batches on a stream and single envelopes in unary calls: verified, durable, then receipted. @returns the port */
export async function openReceiver({ keys, ledger: file }: FloorSetup, clock: Clock): Promise<number> {
  const sealing = await Sealing.open(keys.receiver, keys.sender);
  const ledger = new Ledger(file);

  async function take(signedRoot: string, envelopes: readonly ArrivedParts[]) {
    const opened = envelopes.map(open);
    const leaves = opened.map(({ leaf }) => leaf);
    sealing.verify(TYP.envelopeRoot, signedRoot, leaves);
    const receipts = opened.map((envelope) => receiptFor(envelope, clock.now()));
    const seal = await sealing.seal(TYP.receiptRoot, ownReceiptLeaves(receipts));
    ledger.add(
      opened.map(({ header, payload, payloadSalt: salt, leaf }, index) => {
        return { header, payload, salt, leaf, receipt: receipts[index]! };
      }),
      [signedRoot, seal],
    );
    return { seal: Buffer.from(seal), receipts };
  }

  async function stream(call: ServerDuplexStream<messages.ExchangeRequest, object>): Promise<void> {
    for await (const { batch } of call as AsyncIterable<messages.ExchangeRequest>) {
      if (!batch) continue;
      const { seal, receipts } = await take(batch.signedRoot.toString('latin1'), batch.envelopes);
      call.write({ receipts: { answers: batch.number, signedRoot: seal, receipts } });
    }
    call.end();
  }

  async function single({ request }: ServerUnaryCall<messages.CheckRequest, object>): Promise<object> {
    const envelope = request.envelope!;
    const { seal, receipts } = await take(envelope.seal!.signedRoot.toString('latin1'), [envelope]);
    return { envelope: { header: receipts[0]!, seal: { signedRoot: seal, leafIndex: 0, treeSize: 1 } } };
  }

  const server = new Server({ 'grpc.max_receive_message_length': LIMITS.frameBytes });
  server.addService(services.exchange, {
    Exchange: (call: ServerDuplexStream<messages.ExchangeRequest, object>) => {
      stream(call).catch((error) => call.destroy(error));
    },
  });
  server.addService(services.check, {
    Check: (call: ServerUnaryCall<messages.CheckRequest, object>, callback: sendUnaryData<object>) => {
      single(call).then((answer) => callback(null, answer), callback);
    },
  });
  return new Promise((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}
