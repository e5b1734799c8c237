import { connect, createServer, type Socket } from 'node:net';
import type { PostgresConfig } from '../../config/store-config.ts';

/** A way to a database that can be cut. */
export interface DatabaseProxy {
  /** The same database, over the proxy. */
  readonly config: PostgresConfig;
  /**
   * Cuts the connection that says COMMIT next: before the server hears it, or after it has done it and before anybody
   * hears the answer.
   */
  cutAtCommit(when: 'before' | 'after'): void;
  /** Is closed from the next cut on. */
  closeAfterCut(): void;
  /** Connections that were not taken. */
  readonly refused: number;
  /** Takes no connections, and cuts those that there are, until it is let through again. */
  close(): void;
  letThrough(): void;
  stop(): Promise<void>;
}

export async function databaseProxy(config: PostgresConfig): Promise<DatabaseProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let cut: 'before' | 'after' | undefined;
  let isClosed = false;
  let closesAfterCut = false;
  let refused = 0;

  const server = createServer((near) => {
    if (isClosed) {
      refused += 1;
      near.destroy();
      return;
    }
    const far = connect(config.port, config.host);
    const pair = [near, far] as const;
    pairs.add(pair);
    let isDeaf = false;
    const end = () => {
      near.destroy();
      far.destroy();
      pairs.delete(pair);
    };
    near.on('data', (bytes) => {
      if (cut !== undefined && bytes.includes('COMMIT')) {
        isDeaf = true;
        isClosed ||= closesAfterCut;
        const when = cut;
        cut = undefined;
        if (when === 'before') {
          end();
          return;
        }
      }
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (isDeaf) end();
      else near.write(bytes);
    });
    for (const socket of pair) {
      socket.on('error', end);
      socket.on('close', end);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };

  const close = () => {
    isClosed = true;
    for (const [near, far] of pairs) {
      near.destroy();
      far.destroy();
    }
  };
  return {
    config: { ...config, host: '127.0.0.1', port },
    cutAtCommit(when) {
      cut = when;
    },
    closeAfterCut() {
      closesAfterCut = true;
    },
    get refused() {
      return refused;
    },
    close,
    letThrough() {
      isClosed = false;
      closesAfterCut = false;
    },
    async stop() {
      close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
