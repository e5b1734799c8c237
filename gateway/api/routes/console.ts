import { Type } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '#proto';
import { CONSOLE_POLICY, consoleFiles } from '../../console/console-files.ts';
import type { PageFile } from '../../page-files.ts';
import type { ApiContext } from '../context.ts';
import { sendPage } from '../helpers/send-page.ts';
import type { RouteModule } from '../typed.ts';
import { bytesOf, CLOSED } from '../views/schemas.ts';

const tags = ['管理控制台 / console'];
const RULES = { policy: CONSOLE_POLICY, permissions: 'camera=(), geolocation=(), microphone=()' };

/** The page of the console (管理控制台). It is open and holds nothing secret: what it shows it asks of the API, with a token. */
export function consoleRoutes({ region }: Pick<ApiContext, 'region'>): RouteModule {
  const files = consoleFiles(region);
  return (app) => {
    app.get(
      '/console',
      {
        schema: { tags, summary: '管理控制台 / the page', response: { 200: bytesOf('text/html', '网页 / the page') } },
      },
      async (request, reply) => send(request, reply, files.find('index.html')),
    );

    app.get(
      '/console/:file',
      {
        schema: {
          tags,
          summary: '管理控制台的文件 / files of the console',
          params: Type.Object({ file: Type.String() }, CLOSED),
          response: { 200: bytesOf('*/*', '文件 / the file') },
        },
      },
      async (request, reply) => {
        const { file } = request.params;
        // People add a slash; below it the links of the page would lead astray.
        return file === '' ? reply.redirect('../console', 308) : send(request, reply, files.find(file));
      },
    );
  };
}

async function send(request: FastifyRequest, reply: FastifyReply, found: Promise<PageFile> | undefined) {
  if (!found) throw new CodedError('NOT_FOUND');
  return sendPage(request, reply, await found, RULES);
}
