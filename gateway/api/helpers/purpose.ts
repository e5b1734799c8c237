import { Type } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { CodedError, fields, optional, text } from '#proto';
import { accessBook, type PersonalAccess } from '../../case/personal/access-book.ts';
import type { ApiContext } from '../context.ts';
import { seesPersonalData } from '../views/privacy.ts';
import { readInput } from './body.ts';

/** What the caller wants to see. */
type Wanted = Pick<PersonalAccess, 'conversation' | 'what' | 'subject'>;

/** For the query of a route that shows personal data; the header `x-purpose` says the same. */
export const purposeQuery = {
  purpose: Type.Optional(
    Type.String({ description: '用途(2 至 200 字),也可用 x-purpose / what for; or the header x-purpose' }),
  ),
};

/** For the description of a route that masks without a purpose. */
export const MASKED =
  '须有角色并写明用途(查询参数 purpose,或百分号编码的 x-purpose 头),否则脱敏;查阅留痕 / personal data is shown to a role that may see it and says what for (purpose, or x-purpose with percent-encoding); it is recorded';

const purposeText = text(200, { min: 2 });

/** {@link purposeQuery} as a rule, for a route of which no schema judges the query. */
export const purposeQueryRule = fields({ purpose: optional(purposeText) });

/**
 * Whether the caller is shown personal data in full: his role may see it, and he says what for (用途). That is written down
 * before anything is told.
 *
 * @throws CodedError VALIDATION_FAILED when the purpose is too short or too long
 */
export async function isShownInFull(
  { store, clock }: Pick<ApiContext, 'store' | 'clock'>,
  request: FastifyRequest,
  wanted: Wanted,
): Promise<boolean> {
  const { sub: by, role, purpose: standing } = request.user;
  const said = purposeOf(request);
  const purpose = said ?? standing;
  if (purpose === undefined || !seesPersonalData(role)) return false;
  const access = { ...wanted, at: clock.now(), by, role, purpose };
  await accessBook.record(store, access, said === undefined);
  return true;
}

/** Writes down what the caller is about to be told, for a route whose body says what for; durable when it returns. */
export function recordLook(
  { store, clock }: Pick<ApiContext, 'store' | 'clock'>,
  { user: { sub: by, role } }: FastifyRequest,
  wanted: Wanted,
  purpose: string,
): Promise<void> {
  return accessBook.record(store, { ...wanted, at: clock.now(), by, role, purpose }, false);
}

/** The purpose that a body gives, held against the rule of every other. @throws CodedError VALIDATION_FAILED */
export function purposeOfBody(purpose: string): string {
  return readInput<string>(at('/purpose'), purpose);
}

/** For what cannot be masked. @throws CodedError PURPOSE_REQUIRED, VALIDATION_FAILED */
export async function demandPurpose(
  context: Pick<ApiContext, 'store' | 'clock'>,
  request: FastifyRequest,
  wanted: Wanted,
): Promise<void> {
  if (!(await isShownInFull(context, request, wanted))) throw new CodedError('PURPOSE_REQUIRED');
}

/** What the request itself says. */
function purposeOf({ headers, query }: FastifyRequest): string | undefined {
  const header = headers['x-purpose'];
  const { purpose: asked } = query as { purpose?: unknown };
  if (typeof header === 'string') return readInput<string>(at('/headers/x-purpose'), decoded(header));
  return asked === undefined ? undefined : readInput<string>(at('/query/purpose'), asked);
}

function at(pointer: string) {
  return (value: unknown, _pointer: string, problems: Parameters<typeof purposeText>[2]) =>
    purposeText(value, pointer, problems);
}

/** A header is bytes: UTF-8 as it is, or percent-encoded. */
function decoded(header: string): string {
  const plain = Buffer.from(header, 'latin1').toString();
  try {
    return decodeURIComponent(plain).trim();
  } catch {
    return plain.trim();
  }
}
