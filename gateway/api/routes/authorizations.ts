import { Type } from '@fastify/type-provider-typebox';
import { boolean, fields, text } from '#proto';
import { writtenContacts } from '../../authorization/agreement-contacts.ts';
import type { ApiContext } from '../context.ts';
import { judgingContent, RULED, readInput } from '../helpers/body.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import {
  Changes,
  Contacts,
  ContactsInput,
  Details,
  Draft,
  DraftChanges,
  Outline,
} from '../views/authorization-schemas.ts';
import { CLOSED, page } from '../views/schemas.ts';

const tags = ['授权 / authorizations'];
const Id = Type.Object({ id: Type.String() }, CLOSED);
const Reason = Type.Object({ reason: Type.String() }, CLOSED);

const reasoned = fields({ reason: text(500) });
const revocation = fields({ reason: text(500), forCause: boolean });
const contactsBody = fields({ contacts: writtenContacts });

/** Mutual authorizations (相互授权): reading, and everything in their life. */
export function authorizationRoutes(context: ApiContext): RouteModule {
  return (app) => {
    reading(context)(app);
    signing(context)(app);
    standing(context)(app);
  };
}

function reading({ authorizations }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/authorizations',
      {
        schema: {
          tags,
          summary: '授权列表 / list authorizations',
          querystring: Type.Object(pageQuery, CLOSED),
          response: { 200: page('authorizations', Outline) },
        },
      },
      async (request) => {
        const { limit, after } = pageRequest(request.query, ['string']);
        const found = await authorizations.list({ after: after?.[0] ?? '', limit: limit + 1 });
        const { items, next } = pageOf(found, limit, ({ id }) => [id]);
        return { authorizations: [...items], ...(next && { next }) };
      },
    );

    app.get(
      '/v1/authorizations/:id',
      {
        schema: { tags, summary: '授权 / an authorization with its document', params: Id, response: { 200: Details } },
      },
      async (request) => authorizations.get(request.params.id),
    );

    app.get(
      '/v1/authorizations/:id/changes',
      {
        schema: {
          tags,
          summary: '与另一版本的区别 / what is different from another one, in words',
          params: Id,
          querystring: Type.Object({ since: Type.String({ description: '较早的一份 / id of the older one' }) }, CLOSED),
          response: { 200: Changes },
        },
      },
      async (request) => {
        return { changes: await authorizations.changes(request.params.id, request.query.since) };
      },
    );

    app.get(
      '/v1/authorizations/:id/contacts',
      { schema: { tags, summary: '联系人 / whom to call, on both sides', params: Id, response: { 200: Contacts } } },
      async (request) => ({ sides: await authorizations.contacts(request.params.id) }),
    );
  };
}

function signing({ authorizations }: ApiContext): RouteModule {
  return (app) => {
    app.post(
      '/v1/authorizations',
      {
        ...RULED,
        schema: {
          tags,
          summary: '提出授权 / sign an authorization and propose it to the other party',
          body: Draft,
          response: { 201: Details },
        },
      },
      async (request, reply) => {
        const proposed = await judgingContent(() => authorizations.propose(request.body));
        return reply.code(201).send(proposed);
      },
    );

    app.post(
      '/v1/authorizations/:id/counter',
      {
        ...RULED,
        schema: {
          tags,
          summary: '反提案 / answer a proposal with another one',
          params: Id,
          body: DraftChanges,
          response: { 201: Details },
        },
      },
      async (request, reply) => {
        const { id } = request.params as { id: string };
        return reply.code(201).send(await judgingContent(() => authorizations.counter(id, request.body)));
      },
    );

    app.post(
      '/v1/authorizations/:id/renew',
      {
        ...RULED,
        schema: {
          tags,
          summary: '续签 / propose what is to replace an authorization',
          params: Id,
          body: DraftChanges,
          response: { 201: Details },
        },
      },
      async (request, reply) => {
        const { id } = request.params as { id: string };
        return reply.code(201).send(await judgingContent(() => authorizations.renew(id, request.body)));
      },
    );

    app.post(
      '/v1/authorizations/:id/accept',
      {
        schema: {
          tags,
          summary: '接受授权 / sign what the other region proposed',
          params: Id,
          response: { 200: Details },
        },
      },
      async (request) => judgingContent(() => authorizations.accept(request.params.id)),
    );
  };
}

function standing({ authorizations }: ApiContext): RouteModule {
  return (app) => {
    app.post(
      '/v1/authorizations/:id/suspend',
      {
        ...RULED,
        schema: {
          tags,
          summary: '中止授权 / let no new case begin under it; open cases go on',
          params: Id,
          body: Reason,
          response: { 200: Details },
        },
      },
      async (request) => {
        const { id } = request.params as { id: string };
        return authorizations.suspend(id, readInput<{ reason: string }>(reasoned, request.body).reason);
      },
    );

    app.post(
      '/v1/authorizations/:id/resume',
      {
        ...RULED,
        schema: {
          tags,
          summary: '恢复授权 / take back our own suspension',
          params: Id,
          body: Reason,
          response: { 200: Details },
        },
      },
      async (request) => {
        const { id } = request.params as { id: string };
        return authorizations.resume(id, readInput<{ reason: string }>(reasoned, request.body).reason);
      },
    );

    app.post(
      '/v1/authorizations/:id/revoke',
      {
        ...RULED,
        schema: {
          tags,
          summary: '撤销授权 / end an authorization; for cause, open cases end with it',
          params: Id,
          body: Type.Object({ reason: Type.String(), forCause: Type.Boolean() }, CLOSED),
          response: { 200: Details },
        },
      },
      async (request) => {
        const { id } = request.params as { id: string };
        const { reason, forCause } = readInput<{ reason: string; forCause: boolean }>(revocation, request.body);
        return authorizations.revoke(id, reason, forCause);
      },
    );

    app.put(
      '/v1/authorizations/:id/contacts',
      {
        ...RULED,
        schema: {
          tags,
          summary: '更换我方联系人 / replace our side of the contacts; needs no signature',
          params: Id,
          body: ContactsInput,
          response: { 200: Contacts },
        },
      },
      async (request) => {
        const { id } = request.params as { id: string };
        const { contacts } = readInput<{ contacts: unknown }>(contactsBody, request.body);
        return { sides: await authorizations.setContacts(id, contacts) };
      },
    );
  };
}
