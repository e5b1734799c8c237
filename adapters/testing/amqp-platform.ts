import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChannelModel, ConfirmChannel, ConsumeMessage, Message, Options } from 'amqplib';
import { temporaryFolder } from './folders.ts';
import type { RabbitServer } from './rabbitmq-server.ts';

/** A platform with queues of its own at a RabbitMQ server. */
export class AmqpPlatform {
  readonly channel: ConfirmChannel;
  /** Durable: in it goes what the platform hands in. */
  readonly queue: string;
  /** Durable, of the type `headers`; nothing is bound to it. */
  readonly exchange: string;
  readonly #model: ChannelModel;

  private constructor(model: ChannelModel, channel: ConfirmChannel, queue: string) {
    this.queue = queue;
    this.exchange = `out-${queue}`;
    this.#model = model;
    this.channel = channel;
  }

  /** @param queue of one that was opened before; a new one when absent */
  static async open(server: RabbitServer, queue = `in-${randomUUID()}`): Promise<AmqpPlatform> {
    const model = await server.connect();
    model.on('error', () => {});
    const channel = await model.createConfirmChannel();
    channel.on('error', () => {});
    const platform = new AmqpPlatform(model, channel, queue);
    await channel.assertQueue(platform.queue, { durable: true });
    await channel.assertExchange(platform.exchange, 'headers', { durable: true });
    return platform;
  }

  /** Resolves when the broker has it. */
  put(body: unknown, options: Options.Publish = {}): Promise<void> {
    const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const done = (error: unknown) => (error ? reject(error) : resolve());
      this.channel.sendToQueue(this.queue, content, { persistent: true, ...options }, done);
    });
  }

  /** A durable queue and everything that comes into it, in order. */
  async collect(): Promise<{ readonly queue: string; readonly messages: ConsumeMessage[] }> {
    const { queue } = await this.channel.assertQueue(`collect-${randomUUID()}`, { durable: true });
    const messages: ConsumeMessage[] = [];
    await this.channel.consume(queue, (message) => message && messages.push(message), { noAck: true });
    return { queue, messages };
  }

  /** Takes all messages that a queue has now. */
  async drain(queue: string): Promise<Message[]> {
    const messages: Message[] = [];
    for (;;) {
      const message = await this.channel.get(queue, { noAck: true });
      if (!message) return messages;
      messages.push(message);
    }
  }

  /** How many messages nobody has taken. */
  async left(queue = this.queue): Promise<number> {
    return (await this.channel.checkQueue(queue)).messageCount;
  }

  async close(): Promise<void> {
    await this.#model.close().catch(() => {});
  }
}

/** Settings of an adapter that reaches the server with certificates on both sides. */
export async function overTls(server: RabbitServer) {
  const folder = await temporaryFolder();
  const inside = (name: string) => join(folder.path, name);
  const { cert, key } = await server.authority.issue('tongban');
  await writeFile(inside('ca.pem'), server.authority.ca);
  await writeFile(inside('cert.pem'), cert);
  await writeFile(inside('key.pem'), key);
  const tls = { ca_file: inside('ca.pem'), certificate_file: inside('cert.pem'), key_file: inside('key.pem') };
  return {
    place: { url: `amqps://guest@127.0.0.1:${server.tlsPort}`, password_file: server.passwordFile, tls },
    remove: folder.remove,
  };
}
