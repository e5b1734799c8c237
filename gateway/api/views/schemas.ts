import { type TSchema, Type } from '@fastify/type-provider-typebox';

/** An object that takes no other members than those it names. */
export const CLOSED = { additionalProperties: false };

/** One of a closed list of words. */
export function words<const T extends string>(list: readonly T[], description?: string) {
  return Type.Unsafe<T>({ type: 'string', enum: [...list], ...(description && { description }) });
}

/** A value of a type of the program, described in words where the schema would only repeat a document. */
export function described<T>(description: string) {
  return Type.Unsafe<T>({ type: 'object', additionalProperties: true, description });
}

/** Milliseconds since 1970. */
export function instant(description: string) {
  return Type.Integer({ description: `${description}; 毫秒 / ms since 1970` });
}

export const Digest = Type.String({ description: 'SHA-256, hex' });

/** A page of a list under its name, and the cursor of the next one. */
export function page<N extends string, T extends TSchema>(name: N, entry: T) {
  return Type.Object({
    [name]: Type.Array(entry),
    next: Type.Optional(Type.String({ description: '下一页 / cursor of the next page; absent on the last' })),
  } as { [K in N]: ReturnType<typeof Type.Array<T>> } & {
    next: ReturnType<typeof Type.Optional<ReturnType<typeof Type.String>>>;
  });
}

/** A body that comes as bytes, for the description of the API. */
export function bytesOf(mediaType: string, description: string) {
  return { description, content: { [mediaType]: { schema: { type: 'string', format: 'binary' } } } };
}

/** An answer without a body, for the description of the API. */
export function nothing(description: string) {
  return Type.Unsafe<undefined>({ type: 'null', description });
}

export const Handler = Type.Object(
  {
    organisation: Type.String({ description: '单位' }),
    window: Type.Optional(Type.String({ description: '窗口' })),
    staff: Type.String({ description: '经办人' }),
  },
  CLOSED,
);
