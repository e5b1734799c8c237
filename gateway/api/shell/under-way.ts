import type { Server, ServerResponse } from 'node:http';

/** Watches the requests of a server, whoever took their connections. @returns waits until each of them has ended */
export function watchRequests(server: Server): () => Promise<void> {
  const underWay = new Set<ServerResponse>();
  server.prependListener('request', (_request, response: ServerResponse) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
  });
  return async () => {
    while (underWay.size > 0) await Promise.all([...underWay].map(ended));
  };
}

function ended(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.once('close', () => resolve()));
}
